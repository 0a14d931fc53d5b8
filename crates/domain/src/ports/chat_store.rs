use async_trait::async_trait;

use super::Cause;
use crate::chat::{Attempt, Chat, ChatState, Opening};
use crate::values::{Account, Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};

/// Keeps chats.
///
/// Each method is a whole unit of work: atomic, and durable once it has returned. After an error
/// nobody knows whether it was done, unless the error says so.
///
/// For any number of callers, on any number of instances, these MUST hold:
///
/// * there is one chat for an (audience, scope), and one chat, opening or ready, for an event room;
/// * a chat that is ready never changes and never goes;
/// * only the attempt that a chat is at changes it: whoever comes with another one changes nothing.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ChatStore: Send + Sync {
    /// Adds a chat that is opening, at [`Attempt::FIRST`], unless its key or its room is taken.
    ///
    /// Where both are taken, the answer is [`Reserved::KeyTaken`].
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError>;

    /// The chat with this identifier; `None` if there is none.
    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError>;

    /// The chat with this key; `None` if there is none.
    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError>;

    /// Starts the attempt after `seen` with a lease until `lease_until`, and returns it.
    ///
    /// Does nothing and returns `None` unless the chat is opening, at the attempt `seen`, with a lease
    /// that has run out at `now`. Of several callers that saw the same attempt, one gets the next.
    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError>;

    /// Takes over up to `limit` chats that are opening with a lease that has run out at `now`, those
    /// first whose lease ran out first.
    ///
    /// Each starts its next attempt with a lease until `lease_until`, and is returned as it then is. Of
    /// several callers at once, no two get the same chat.
    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError>;

    /// Makes the chat ready with `room`, if it is opening and at `attempt`.
    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError>;

    /// Sets the end of the lease, so that the next attempt may start then. Returns whether it did: the
    /// chat was opening and at `attempt`.
    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes the chat. Returns whether it did: the chat was opening and at `attempt`.
    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError>;
}

/// A chat to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The identifier chosen for it.
    pub id: ChatId,
    /// The tenant's name space.
    pub audience: Audience,
    /// The tenant's own key within the audience.
    pub scope: Scope,
    /// What the tenant noted of the chat.
    pub tags: Option<Tags>,
    /// The room that is to become the chat's, or `None` for a new one.
    pub existing_room: Option<EventRoomId>,
    /// Who asks. The store keeps it for operators; no use case reads it.
    pub asked_by: Account,
    /// The moment of asking.
    pub created_at: Timestamp,
    /// Until when the first attempt has the chat for itself.
    pub lease_until: Timestamp,
}

impl Reservation {
    /// The chat that this makes: opening, and at its first attempt.
    #[must_use]
    pub fn to_chat(&self) -> Chat {
        Chat {
            id: self.id,
            audience: self.audience.clone(),
            scope: self.scope.clone(),
            tags: self.tags.clone(),
            created_at: self.created_at,
            state: ChatState::Opening(self.to_opening()),
        }
    }

    /// The making of that chat.
    #[must_use]
    pub fn to_opening(&self) -> Opening {
        Opening {
            existing_room: self.existing_room,
            attempt: Attempt::FIRST,
            lease_until: self.lease_until,
        }
    }
}

/// What came of a reservation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reserved {
    /// The chat is opening, and the caller's to open.
    Made,
    /// This chat has the key already.
    KeyTaken(Chat),
    /// Another chat has the room already.
    RoomTaken,
}

/// What came of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The chat is ready.
    Ready,
    /// The chat is not opening, or at another attempt: nothing was changed.
    Overtaken,
    /// Another chat has that room: nothing was changed.
    RoomTaken,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached or did not answer; the same call may succeed later.
    #[error("the chat store is unavailable")]
    Unavailable(#[source] Cause),
    /// The database answered what it should not have; the same call will fail again.
    #[error("the chat store failed")]
    Failed(#[source] Cause),
}
