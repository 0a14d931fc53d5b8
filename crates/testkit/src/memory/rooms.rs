use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{Audience, ChatId, EventRoomId};
use tokio::sync::watch;
use uuid::Uuid;

use super::waiting::Waiting;

/// An event service in memory that honours the `Idempotency-Key` and does as a test says.
#[derive(Debug, Default)]
pub struct MemoryRooms {
    service: Mutex<Service>,
    holds: watch::Sender<usize>,
    held: Waiting,
}

#[derive(Debug, Default)]
struct Service {
    rooms: HashMap<EventRoomId, EventRoom>,
    /// The room that was opened for each key. A chat's identifier is the key.
    opened: HashMap<ChatId, EventRoomId>,
    open_calls: Vec<NewEventRoom>,
    script: VecDeque<Answer>,
}

/// What comes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is carried out, if it can be: what happens without a script.
    Done,
    /// [`EventRoomsError::Refused`]; nothing is done.
    Refused,
    /// [`EventRoomsError::Unavailable`]; nothing is done.
    Unavailable,
    /// [`EventRoomsError::Unknown`], and it is carried out: the answer was lost.
    UnknownButDone,
    /// [`EventRoomsError::Unknown`], and nothing is done: the question was lost.
    UnknownAndNotDone,
}

/// Calls are held while this lives.
#[must_use = "calls are held while this lives"]
#[derive(Debug)]
pub struct Hold<'a>(&'a MemoryRooms);

impl MemoryRooms {
    /// Adds a room that nothing is bound to, as another service of the platform would.
    pub fn add(&self, audience: Audience) -> EventRoomId {
        let id = random_id();
        let room = EventRoom { audience, bound_to: None };
        self.service().rooms.insert(id, room);
        id
    }

    /// All rooms there are.
    #[must_use]
    pub fn all(&self) -> HashMap<EventRoomId, EventRoom> {
        self.service().rooms.clone()
    }

    /// What `open` was called with so far, whatever came of it.
    #[must_use]
    pub fn open_calls(&self) -> Vec<NewEventRoom> {
        self.service().open_calls.clone()
    }

    /// Scripts what comes of the next calls, be they of `open`, `find` or `bind`. After the script
    /// calls are carried out again.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.service().script.extend(answers);
    }

    /// Holds calls that come from now on, until what is returned is dropped. They are carried out, and
    /// take their answer from the script, after that.
    pub fn hold(&self) -> Hold<'_> {
        self.holds.send_modify(|holds| *holds += 1);
        Hold(self)
    }

    /// Returns once at least `calls` are held.
    pub async fn until_held(&self, calls: usize) {
        self.held.until(calls).await;
    }

    /// A call begins: it is held if a test says so, and then carried out as the script says.
    async fn call<T>(
        &self,
        carry_out: impl FnOnce(&mut Service) -> Result<T, EventRoomsError> + Send,
    ) -> Result<T, EventRoomsError> {
        {
            let _one_more = self.held.one_more();
            // It fails only if the sender is gone, and that is `self`.
            let _ = self.holds.subscribe().wait_for(|holds| *holds == 0).await;
        }
        let mut service = self.service();
        match service.script.pop_front().unwrap_or(Answer::Done) {
            Answer::Done => carry_out(&mut service),
            Answer::Refused => Err(EventRoomsError::Refused("scripted".into())),
            Answer::Unavailable => Err(EventRoomsError::Unavailable("scripted".into())),
            Answer::UnknownButDone => {
                let _ = carry_out(&mut service);
                Err(EventRoomsError::Unknown("scripted, and done".into()))
            }
            Answer::UnknownAndNotDone => {
                Err(EventRoomsError::Unknown("scripted, and not done".into()))
            }
        }
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.holds.send_modify(|holds| *holds -= 1);
    }
}

#[async_trait]
impl EventRooms for MemoryRooms {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.service().open_calls.push(room.clone());
        self.call(|service| Ok(service.open(room))).await
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.call(|service| Ok(service.rooms.get(&room).cloned())).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.call(|service| service.bind(room, chat)).await
    }
}

impl Service {
    fn open(&mut self, room: &NewEventRoom) -> EventRoomId {
        let rooms = &mut self.rooms;
        *self.opened.entry(room.chat).or_insert_with(|| {
            let id = random_id();
            let opened = EventRoom { audience: room.audience.clone(), bound_to: Some(room.chat) };
            rooms.insert(id, opened);
            id
        })
    }

    fn bind(&mut self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        let room = self
            .rooms
            .get_mut(&room)
            .ok_or_else(|| EventRoomsError::Refused("there is no such room".into()))?;
        room.bound_to = Some(chat);
        Ok(())
    }
}

fn random_id() -> EventRoomId {
    Uuid::new_v4().into()
}
