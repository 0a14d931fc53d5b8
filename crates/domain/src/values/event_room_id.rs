use std::fmt;

use uuid::Uuid;

/// The identifier that the event service gave to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventRoomId(Uuid);

impl EventRoomId {
    /// The UUID itself.
    #[must_use]
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for EventRoomId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for EventRoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
