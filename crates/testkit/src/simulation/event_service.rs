use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chats_domain::ports::{EventRoom, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};
use uuid::Uuid;

/// A model of the event service. It does what it is asked; what goes wrong goes wrong on the way.
#[derive(Debug, Default)]
pub(super) struct EventService {
    honours_keys: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rooms: BTreeMap<EventRoomId, EventRoom>,
    by_key: BTreeMap<ChatId, EventRoomId>,
    opened: u128,
}

/// Something to do, which a slow network may bring late.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Open(NewEventRoom),
    Bind(EventRoomId, ChatId),
}

/// The room that is opened as the `number`th, counted from zero.
#[must_use]
pub fn opened_room(number: u128) -> EventRoomId {
    Uuid::from_u128(0xb000 + number).into()
}

impl EventService {
    pub(super) fn new(honours_keys: bool, rooms: BTreeMap<EventRoomId, EventRoom>) -> Self {
        Self { honours_keys, state: Mutex::new(State { rooms, ..State::default() }) }
    }

    pub(super) fn rooms(&self) -> BTreeMap<EventRoomId, EventRoom> {
        self.state().rooms.clone()
    }

    pub(super) fn find(&self, room: EventRoomId) -> Option<EventRoom> {
        self.state().rooms.get(&room).cloned()
    }

    pub(super) fn carry_out(&self, request: &Request) -> Result<EventRoomId, EventRoomsError> {
        let mut state = self.state();
        match request {
            Request::Open(room) => Ok(state.open(room, self.honours_keys)),
            Request::Bind(id, chat) => {
                let missing = || EventRoomsError::Refused("there is no such room".into());
                state.rooms.get_mut(id).ok_or_else(missing)?.bound_to = Some(*chat);
                Ok(*id)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, room: &NewEventRoom, honours_keys: bool) -> EventRoomId {
        if honours_keys && let Some(opened) = self.by_key.get(&room.chat) {
            return *opened;
        }
        let id = opened_room(self.opened);
        self.opened += 1;
        self.by_key.insert(room.chat, id);
        let opened = EventRoom { audience: room.audience.clone(), bound_to: Some(room.chat) };
        self.rooms.insert(id, opened);
        id
    }
}
