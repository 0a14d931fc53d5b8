use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::AuthenticationError;
use chats_domain::values::{Account, Timestamp};

use crate::Jwks;
use crate::claims::Period;

/// Verifies tokens, for who remembers them: [`Issuers`](crate::Issuers), or what stands before these.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Verifies a token completely, or else refuses it as an
    /// [`Authenticator`](chats_domain::ports::Authenticator) does.
    async fn verify(&self, token: &str) -> Result<Verified, AuthenticationError>;

    /// The moment by which a token counts or not.
    fn now(&self) -> Timestamp;
}

/// What a token said that counted.
pub struct Verified {
    pub(crate) account: Account,
    pub(crate) period: Period,
    pub(crate) source: KeySource,
}

/// Where the key is from that verified a token.
pub(crate) enum KeySource {
    /// The configuration, which does not change.
    Configuration,
    /// This generation of the issuer's set.
    Set { jwks: Arc<Jwks>, generation: u64 },
}

impl Verified {
    /// Whether the same token would count at the moment `now`.
    ///
    /// Of all that makes it count only the time and its issuer's set can change.
    pub(crate) fn still_counts(&self, now: Timestamp) -> bool {
        self.period.check(now).is_ok() && self.source.is_current()
    }
}

impl KeySource {
    /// Whether the key is still there. It may be in a later generation too, but who knows.
    fn is_current(&self) -> bool {
        match self {
            Self::Configuration => true,
            Self::Set { jwks, generation } => jwks.generation() == Some(*generation),
        }
    }
}
