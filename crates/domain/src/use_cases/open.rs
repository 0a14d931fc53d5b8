//! One attempt to open the room of a reserved chat, and to confirm it.

use super::deadline::Deadline;
use super::in_flight::Flight;
use super::{Chats, CreateError};
use crate::chat::{Attempt, Chat, ChatState, Opening};
use crate::ports::{Cause, Confirmed, EventRoomsError, NewEventRoom};
use crate::values::{ChatId, EventRoomId};

/// A chat whose attempt is ours.
pub(super) struct Ours {
    pub(super) chat: Chat,
    pub(super) opening: Opening,
    pub(super) flight: Flight,
}

/// What came of an attempt that was not refused.
pub(super) enum Opened {
    /// The chat is ready.
    Ready(Chat),
    /// Another attempt has taken the chat over meanwhile.
    Overtaken,
    /// Nobody knows. The chat stays, and the next attempt may start after a pause.
    InDoubt(CreateError),
}

impl Chats {
    /// Opens the room of a chat and confirms it. The store is not held while the event service works.
    ///
    /// An error is final: to try again at once would not help.
    pub(super) async fn open(
        &self,
        ours: Ours,
        deadline: &mut Deadline<'_>,
    ) -> Result<Opened, CreateError> {
        let Ours { chat, opening, flight } = ours;
        let result = match opening.existing_room {
            Some(room) => {
                let bound = deadline.bound(self.ports.rooms.bind(room, chat.id)).await;
                bound.map(|()| room)
            }
            None => deadline.bound(self.ports.rooms.open(&NewEventRoom::of(&chat))).await,
        };
        let opened = match result {
            Ok(room) => self.confirm(chat, opening, room, deadline).await,
            Err(EventRoomsError::Unknown(cause)) => {
                self.postpone(&chat, opening, deadline).await;
                Ok(Opened::InDoubt(in_doubt(&chat, opening, cause)))
            }
            Err(error) if opening.attempt.is_first() => {
                self.release(&chat, opening, error, deadline).await
            }
            // The room may exist by an earlier attempt, or may yet come to exist when a delayed request
            // arrives; without the chat it would be lost.
            Err(error) => {
                self.postpone(&chat, opening, deadline).await;
                Err(in_doubt(&chat, opening, error.into()))
            }
        };
        // Whoever waits for this attempt in this process may look now.
        drop(flight);
        opened
    }

    async fn confirm(
        &self,
        chat: Chat,
        opening: Opening,
        room: EventRoomId,
        deadline: &mut Deadline<'_>,
    ) -> Result<Opened, CreateError> {
        let confirmed = self.ports.store.confirm(chat.id, opening.attempt, room);
        match deadline.bound(confirmed).await? {
            Confirmed::Ready => Ok(Opened::Ready(Chat { state: ChatState::Ready(room), ..chat })),
            Confirmed::Overtaken => Ok(Opened::Overtaken),
            Confirmed::RoomTaken => Err(CreateError::Failed(Cause::from(
                "the event service gave a room that carries another chat",
            ))),
        }
    }

    /// Removes a chat whose room nobody has made: `error` says that this attempt has not, and no try
    /// before it can have reached the event service.
    async fn release(
        &self,
        chat: &Chat,
        opening: Opening,
        error: EventRoomsError,
        deadline: &mut Deadline<'_>,
    ) -> Result<Opened, CreateError> {
        if deadline.bound(self.ports.store.release(chat.id, opening.attempt)).await? {
            Err(error.into())
        } else {
            Ok(Opened::Overtaken)
        }
    }

    /// Lets the lease end when the next attempt may start, for nobody works on the chat any more. If the
    /// store does not do it, the lease ends as it would have.
    async fn postpone(&self, chat: &Chat, opening: Opening, deadline: &mut Deadline<'_>) {
        let pause = self.settings.pause_after(opening.attempt, chat.id);
        let lease_until = self.ports.clock.now().plus(pause);
        let postponed = self.ports.store.postpone(chat.id, opening.attempt, lease_until);
        let _ = deadline.bound(postponed).await;
    }
}

/// For the log: which chat a room may have been opened for that nobody knows of. The room carries the
/// chat's identifier.
#[derive(Debug, thiserror::Error)]
#[error("attempt {} to open the chat {chat} leaves it in doubt", .attempt.number())]
struct InDoubt {
    chat: ChatId,
    attempt: Attempt,
    #[source]
    cause: Cause,
}

fn in_doubt(chat: &Chat, opening: Opening, cause: Cause) -> CreateError {
    let in_doubt = InDoubt { chat: chat.id, attempt: opening.attempt, cause };
    CreateError::EventServiceUnavailable(in_doubt.into())
}

impl NewEventRoom {
    /// The same for every attempt on a chat, so that the event service can tell a repeat.
    fn of(chat: &Chat) -> Self {
        Self { chat: chat.id, audience: chat.audience.clone(), opens_at: chat.created_at }
    }
}
