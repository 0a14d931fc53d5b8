use std::sync::Arc;

use chats_domain::values::{Account, Timestamp};

use crate::Jwks;
use crate::claims::Period;

/// What a token said that counted.
pub(crate) struct Verified {
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
