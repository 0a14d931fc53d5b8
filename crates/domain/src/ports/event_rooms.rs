use async_trait::async_trait;

use super::Cause;
use crate::values::{Audience, ChatId, EventRoomId, Timestamp};

/// The rooms of the event service.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventRooms: Send + Sync {
    /// Opens a room for a chat and returns it.
    ///
    /// MUST send the chat's identifier as the room's `classroom_id` and as the `Idempotency-Key`, and
    /// the same request for the same `room` each time: an event service that honours the key then
    /// opens one room, however often it is asked.
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError>;

    /// The room with this identifier; `None` if there is none that we may see.
    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError>;

    /// Sets the room's `classroom_id` to the chat's identifier. Doing it again is harmless.
    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError>;
}

/// A room to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEventRoom {
    /// The chat that stands on the room.
    pub chat: ChatId,
    /// The audience that the room belongs to.
    pub audience: Audience,
    /// From when on the room is open. It has no end.
    pub opens_at: Timestamp,
}

/// A room, as far as a chat needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRoom {
    /// The audience that the room belongs to. It never changes.
    pub audience: Audience,
    /// What the room is bound to, as a chat's identifier, if that is what it is.
    pub bound_to: Option<ChatId>,
}

/// Why the event service did not do what it was asked, by what the caller can know of it.
#[derive(Debug, thiserror::Error)]
pub enum EventRoomsError {
    /// Not done, and the same request will be refused again.
    #[error("the event service refused")]
    Refused(#[source] Cause),
    /// Not done; the same request may succeed later. It never arrived, or a dependency of the event
    /// service was down.
    #[error("the event service is unavailable")]
    Unavailable(#[source] Cause),
    /// Nobody knows whether it was done, or may yet be done: no answer, a cut one, or a failure half-way.
    #[error("the event service did not tell whether it did it")]
    Unknown(#[source] Cause),
}
