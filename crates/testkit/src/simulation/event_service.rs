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
    by_key: BTreeMap<Uuid, EventRoomId>,
    opened: u128,
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

    /// All rooms there are.
    pub(super) fn rooms(&self) -> BTreeMap<EventRoomId, EventRoom> {
        self.state().rooms.clone()
    }

    pub(super) fn find(&self, room: EventRoomId) -> Option<EventRoom> {
        self.state().rooms.get(&room).cloned()
    }

    /// Opens a room, unless one was opened with the key.
    pub(super) fn open(&self, key: Uuid, room: &NewEventRoom) -> EventRoomId {
        let mut state = self.state();
        if self.honours_keys
            && let Some(opened) = state.by_key.get(&key)
        {
            return *opened;
        }
        let id = opened_room(state.opened);
        state.opened += 1;
        state.by_key.insert(key, id);
        let opened = EventRoom { audience: room.audience.clone(), bound_to: Some(room.chat) };
        state.rooms.insert(id, opened);
        id
    }

    pub(super) fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        let missing = || EventRoomsError::Refused("there is no such room".into());
        self.state().rooms.get_mut(&room).ok_or_else(missing)?.bound_to = Some(chat);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
