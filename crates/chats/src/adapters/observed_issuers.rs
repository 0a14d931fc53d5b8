use async_trait::async_trait;
use chats_access::{Issuers, TokenVerifier, Verified};
use chats_domain::ports::AuthenticationError;
use chats_domain::values::Timestamp;
use chats_telemetry::{Call, Metrics};

/// Issuers that stand behind a cache of tokens, whose calls are counted and timed.
pub(crate) struct ObservedIssuers {
    issuers: Issuers,
    authenticate: Call,
}

impl ObservedIssuers {
    pub(crate) fn new(issuers: Issuers, metrics: &Metrics) -> Self {
        Self { issuers, authenticate: metrics.call("authenticator", "authenticate") }
    }
}

#[async_trait]
impl TokenVerifier for ObservedIssuers {
    async fn verify(&self, token: &str) -> Result<Verified, AuthenticationError> {
        self.authenticate.observed(self.issuers.verify(token)).await
    }

    fn now(&self) -> Timestamp {
        self.issuers.now()
    }
}
