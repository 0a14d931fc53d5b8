//! One attempt to open the room of a reserved chat, and to confirm it.

use super::in_flight::Flight;
use super::{Chats, CreateError};
use crate::chat::{Attempt, Chat, ChatState, Opening};
use crate::ports::{Cause, Confirmed, EventRoomsError, NewEventRoom, StoreError};
use crate::values::{ChatId, EventRoomId};

/// A chat whose attempt is ours.
pub(super) struct Ours {
    pub(super) chat: Chat,
    pub(super) opening: Opening,
    pub(super) flight: Flight,
}

impl Chats {
    /// Opens the room of a chat and confirms it.
    ///
    /// Returns the chat, ready, or `None` if another attempt has taken it over meanwhile. The store is
    /// not held while the event service works.
    pub(super) async fn open(&self, ours: Ours) -> Result<Option<Chat>, CreateError> {
        let Ours { chat, opening, flight } = ours;
        let result = match opening.existing_room {
            Some(room) => self.ports.rooms.bind(room, chat.id).await.map(|()| room),
            None => self.ports.rooms.open(&NewEventRoom::of(&chat)).await,
        };
        let outcome = match result {
            Ok(room) => self.confirm(chat, opening, room).await,
            Err(EventRoomsError::Refused(cause)) => {
                self.give_up(&chat, opening).await?;
                Err(CreateError::EventServiceRejected(cause))
            }
            Err(EventRoomsError::Unavailable(cause)) => {
                self.give_up(&chat, opening).await?;
                Err(CreateError::EventServiceUnavailable(cause))
            }
            Err(EventRoomsError::Unknown(cause)) => {
                self.postpone(&chat, opening).await?;
                let unknown = UnknownOutcome { chat: chat.id, attempt: opening.attempt, cause };
                Err(CreateError::EventServiceUnavailable(Box::new(unknown)))
            }
        };
        // Whoever waits for this attempt in this process may look now.
        drop(flight);
        outcome
    }

    async fn confirm(
        &self,
        chat: Chat,
        opening: Opening,
        room: EventRoomId,
    ) -> Result<Option<Chat>, CreateError> {
        match self.ports.store.confirm(chat.id, opening.attempt, room).await? {
            Confirmed::Ready => Ok(Some(Chat { state: ChatState::Ready(room), ..chat })),
            Confirmed::Overtaken => Ok(None),
            Confirmed::RoomTaken => Err(CreateError::Failed(Cause::from(
                "the event service gave a room that carries another chat",
            ))),
        }
    }

    /// After a refusal: removes the reservation, if no try before this one can have reached the event
    /// service. After one that did, the room may exist, or may yet come to exist when a delayed
    /// request arrives; without the reservation it would be lost.
    async fn give_up(&self, chat: &Chat, opening: Opening) -> Result<(), StoreError> {
        if opening.attempt.is_first() {
            self.ports.store.release(chat.id, opening.attempt).await?;
            Ok(())
        } else {
            self.postpone(chat, opening).await
        }
    }

    /// Lets the lease end when the next attempt may start, for nobody works on the chat any more.
    async fn postpone(&self, chat: &Chat, opening: Opening) -> Result<(), StoreError> {
        let pause = self.settings.pause_after(opening.attempt, chat.id);
        let lease_until = self.ports.clock.now().plus(pause);
        self.ports.store.postpone(chat.id, opening.attempt, lease_until).await?;
        Ok(())
    }
}

/// For the log: which chat a room may have been opened for that nobody knows of. The room carries the
/// chat's identifier.
#[derive(Debug, thiserror::Error)]
#[error("attempt {} to open the chat {chat} has an unknown outcome", .attempt.number())]
struct UnknownOutcome {
    chat: ChatId,
    attempt: Attempt,
    #[source]
    cause: Cause,
}

impl NewEventRoom {
    /// The same for every attempt on a chat, so that the event service can tell a repeat.
    fn of(chat: &Chat) -> Self {
        Self { chat: chat.id, audience: chat.audience.clone(), opens_at: chat.created_at }
    }
}
