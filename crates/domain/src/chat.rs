//! The chat and the states of its making.

use crate::values::{Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};

/// A chat: a tenant's room with events.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// The chat's identifier.
    pub id: ChatId,
    /// The tenant's name space.
    pub audience: Audience,
    /// The tenant's own key, unique within the audience.
    pub scope: Scope,
    /// What the tenant noted of the chat, if anything.
    pub tags: Option<Tags>,
    /// When the chat was reserved; of one that was imported, when it came to be elsewhere.
    pub created_at: Timestamp,
    /// How far its making has come.
    pub state: ChatState,
}

/// How far the making of a chat has come.
///
/// A chat is written to two systems that share no transaction. It is *reserved* in the store, its room
/// is *opened* in the event service, and then it is *confirmed*. Until then it is opening; from then on
/// it never changes. A chat that is *imported* is ready at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatState {
    /// Reserved; its event room may or may not be open already.
    Opening(Opening),
    /// Confirmed: the event room exists and carries the chat's identifier. For a chat that was imported,
    /// that is the word of who imported it.
    Ready(EventRoomId),
}

/// The making of a chat, while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The room that is to become the chat's, or `None` for a new one.
    ///
    /// A room stands here only after it was found to belong to the chat's audience.
    pub existing_room: Option<EventRoomId>,
    /// The attempt that is under way, or was.
    pub attempt: Attempt,
    /// Until when that attempt has the chat for itself.
    pub lease_until: Timestamp,
}

/// The number of an attempt to open a chat: a fencing token.
///
/// The store raises it whenever an attempt is taken over, so that a creator that was overtaken changes
/// nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(u32);

impl Chat {
    /// The chat's event room, once it is open.
    #[must_use]
    pub fn event_room(&self) -> Option<EventRoomId> {
        match self.state {
            ChatState::Ready(room) => Some(room),
            ChatState::Opening(_) => None,
        }
    }
}

impl Opening {
    /// Whether someone else may take the chat over at the moment `now`.
    #[must_use]
    pub fn lease_expired(&self, now: Timestamp) -> bool {
        self.lease_until <= now
    }
}

impl Attempt {
    /// The attempt that comes with the reservation.
    pub const FIRST: Self = Self(1);

    /// The attempt with this number, counted from one.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The attempt's number, counted from one.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The attempt after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether no attempt came before this one.
    #[must_use]
    pub fn is_first(self) -> bool {
        self == Self::FIRST
    }
}
