use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};
use chats_telemetry::Metrics;

use crate::error_chain::chain;

/// Rooms of which it is told whenever one may have been opened that nobody knows of.
///
/// An event service that ignores `Idempotency-Key` then has a room that no chat will ever point to. The
/// room carries the chat's identifier as its `classroom_id`.
pub(crate) struct WatchedRooms {
    rooms: Arc<dyn EventRooms>,
    tell: Tell,
}

/// Tells of a chat, and why it is in doubt.
type Tell = Box<dyn Fn(ChatId, &str) + Send + Sync>;

impl WatchedRooms {
    /// Rooms whose doubtful ones are logged.
    pub(crate) fn logged(rooms: Arc<dyn EventRooms>) -> Self {
        Self { rooms, tell: Box::new(log) }
    }

    /// Rooms whose doubtful ones are logged and counted.
    pub(crate) fn counted(rooms: Arc<dyn EventRooms>, metrics: Arc<Metrics>) -> Self {
        let tell = move |chat, cause: &str| {
            log(chat, cause);
            metrics.room_is_possibly_orphaned();
        };
        Self { rooms, tell: Box::new(tell) }
    }
}

#[async_trait]
impl EventRooms for WatchedRooms {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        let mut doubt = Doubt {
            chat: room.chat,
            tell: &self.tell,
            cause: Some("nobody waited any more".into()),
        };
        let result = self.rooms.open(room).await;
        doubt.cause = match &result {
            Err(error @ EventRoomsError::Unknown(_)) => Some(chain(error)),
            _ => None,
        };
        result
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.rooms.find(room).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.rooms.bind(room, chat).await
    }
}

/// What is not known of a call, from its beginning on. It is told when this is dropped, be it because
/// nobody waits for the answer any more.
struct Doubt<'a> {
    chat: ChatId,
    tell: &'a Tell,
    /// `None` when all is known.
    cause: Option<String>,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(cause) = &self.cause {
            (self.tell)(self.chat, cause);
        }
    }
}

fn log(chat: ChatId, cause: &str) {
    tracing::warn!(%chat, cause, "the event service did not tell whether it opened a room for a chat");
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use chats_testkit::memory::{Answer, MemoryRooms};
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    thread_local! {
        static TOLD: RefCell<Vec<ChatId>> = const { RefCell::new(Vec::new()) };
    }

    #[tokio::test]
    async fn a_room_is_told_of_if_nobody_knows_whether_it_was_opened() {
        let rooms = Arc::new(MemoryRooms::default());
        let tell: Tell = Box::new(|chat, cause| {
            assert!(!cause.is_empty());
            TOLD.with_borrow_mut(|told| told.push(chat));
        });
        let watched = WatchedRooms { rooms: rooms.clone(), tell };

        let answers = [Answer::Done, Answer::Refused, Answer::Unavailable];
        rooms.answer_next(answers);
        for number in 0..3 {
            let _ = watched.open(&room(number)).await;
        }
        rooms.answer_next([Answer::UnknownButDone]);
        assert!(watched.open(&room(3)).await.is_err());
        let hold = rooms.hold();
        assert!(watched.open(&room(4)).now_or_never().is_none(), "its caller goes away");
        drop(hold);

        assert_eq!(TOLD.take(), [room(3).chat, room(4).chat]);
    }

    fn room(number: u128) -> NewEventRoom {
        NewEventRoom {
            chat: Uuid::from_u128(number).into(),
            audience: "school.example.org".parse().unwrap(),
            opens_at: chats_domain::values::Timestamp::from_unix_micros(0),
        }
    }
}
