use std::fmt;

use uuid::Uuid;

/// The identifier of a chat: a UUID (version 7), chosen before anything is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(Uuid);

impl ChatId {
    /// The UUID itself.
    #[must_use]
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ChatId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
