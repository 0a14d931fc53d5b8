use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};

use crate::{Call, Metrics};

/// A chat store whose calls are counted and timed.
pub struct ObservedStore<S> {
    inner: S,
    reserve: Call,
    find: Call,
    find_by_key: Call,
    take_over: Call,
    take_over_expired: Call,
    confirm: Call,
    postpone: Call,
    release: Call,
}

impl<S: ChatStore> ObservedStore<S> {
    /// Stands before `inner`.
    pub fn new(inner: S, metrics: &Metrics) -> Self {
        Self::named("chat_store", inner, metrics)
    }

    /// Stands before a replica, whose calls are told apart.
    pub fn of_replica(inner: S, metrics: &Metrics) -> Self {
        Self::named("chat_replica", inner, metrics)
    }

    fn named(port: &'static str, inner: S, metrics: &Metrics) -> Self {
        let call = |name| metrics.call(port, name);
        Self {
            inner,
            reserve: call("reserve"),
            find: call("find"),
            find_by_key: call("find_by_key"),
            take_over: call("take_over"),
            take_over_expired: call("take_over_expired"),
            confirm: call("confirm"),
            postpone: call("postpone"),
            release: call("release"),
        }
    }
}

#[async_trait]
impl<S: ChatStore> ChatStore for ObservedStore<S> {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        self.reserve.observed(self.inner.reserve(reservation)).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.find.observed_look(self.inner.find(id)).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        self.find_by_key.observed_look(self.inner.find_by_key(audience, scope)).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.take_over.observed(self.inner.take_over(id, seen, now, lease_until)).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let taken = self.inner.take_over_expired(now, lease_until, limit);
        self.take_over_expired.observed(taken).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.confirm.observed(self.inner.confirm(id, attempt, room)).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.postpone.observed(self.inner.postpone(id, attempt, lease_until)).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.release.observed(self.inner.release(id, attempt)).await
    }
}
