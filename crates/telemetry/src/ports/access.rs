use async_trait::async_trait;
use chats_domain::ports::{
    AccessError, AccessPolicy, Action, AuthenticationError, Authenticator, Object,
};
use chats_domain::values::{Account, Audience};

use crate::{Call, Metrics};

/// An authenticator whose calls are counted and timed.
pub struct ObservedAuthenticator<A> {
    inner: A,
    authenticate: Call,
}

impl<A: Authenticator> ObservedAuthenticator<A> {
    /// Stands before `inner`.
    pub fn new(inner: A, metrics: &Metrics) -> Self {
        Self { inner, authenticate: metrics.call("authenticator", "authenticate") }
    }
}

#[async_trait]
impl<A: Authenticator> Authenticator for ObservedAuthenticator<A> {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
        self.authenticate.observed(self.inner.authenticate(token)).await
    }
}

/// A policy whose decisions are counted and timed.
pub struct ObservedPolicy<P> {
    inner: P,
    authorize: Call,
}

impl<P: AccessPolicy> ObservedPolicy<P> {
    /// Stands before `inner`.
    pub fn new(inner: P, metrics: &Metrics) -> Self {
        Self { inner, authorize: metrics.call("access_policy", "authorize") }
    }
}

#[async_trait]
impl<P: AccessPolicy> AccessPolicy for ObservedPolicy<P> {
    async fn authorize(
        &self,
        account: &Account,
        audience: &Audience,
        object: Object,
        action: Action,
    ) -> Result<(), AccessError> {
        let answer = self.inner.authorize(account, audience, object, action);
        self.authorize.observed(answer).await
    }
}
