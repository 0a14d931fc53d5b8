use std::collections::BTreeSet;
use std::path::PathBuf;

use chats_domain::values::{Account, Audience};

use crate::faults::Faults;

/// Where the data is, whom the service serves, and how.
///
/// By default it keeps nothing, serves every audience, has no service accounts, honours idempotency
/// keys and has no faults.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where rooms and events are kept.
    pub storage: Storage,
    /// The audiences that have rooms here.
    pub audiences: Audiences,
    /// The accounts that may use the rooms of every audience. Others may use those of their own.
    pub service_accounts: BTreeSet<Account>,
    /// Whether a repeated request with the same key gives the same room.
    pub idempotency_keys: IdempotencyKeys,
    /// The switch that makes the service misbehave, for tests; keep a clone of it to use it in the same
    /// process. Without one, nothing under `/test` exists.
    pub faults: Option<Faults>,
}

/// Where rooms and events are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Storage {
    /// In an SQLite database at this path, which is created if it is not there; its folder is not.
    File(PathBuf),
    /// In this process, for as long as the service lives.
    #[default]
    Memory,
}

/// The audiences that have rooms. The others are denied, to everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audiences {
    /// Every audience that there may be: for development.
    #[default]
    Any,
    /// These.
    Only(BTreeSet<Audience>),
}

/// What becomes of an `Idempotency-Key` header on the opening of a room.
///
/// See the IETF's draft "The Idempotency-Key HTTP Header Field".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdempotencyKeys {
    /// The same key from the same account gives the same room, for ever.
    #[default]
    Honoured,
    /// Nothing, as in the platform's event service: every request opens a room.
    Ignored,
}

impl Audiences {
    /// Returns if `audience` has rooms.
    pub(crate) fn include(&self, audience: &Audience) -> bool {
        match self {
            Self::Any => true,
            Self::Only(audiences) => audiences.contains(audience),
        }
    }
}
