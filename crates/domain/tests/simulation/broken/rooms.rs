//! Event services that are misunderstood.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};
use chats_testkit::simulation::audience;

/// Takes silence for a no.
pub(super) struct UnknownIsRefused(pub(super) Arc<dyn EventRooms>);

/// Takes a no for silence.
pub(super) struct RefusedIsUnknown(pub(super) Arc<dyn EventRooms>);

/// Takes each room for one of the audience that asks.
pub(super) struct AnyAudience(pub(super) Arc<dyn EventRooms>);

/// Remembers for which chats the answer was no.
pub(super) struct RemembersRefusals {
    pub(super) rooms: Arc<dyn EventRooms>,
    pub(super) refused: Arc<Mutex<BTreeSet<ChatId>>>,
}

#[async_trait]
impl EventRooms for UnknownIsRefused {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.0.open(room).await.map_err(refused)
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.0.find(room).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.0.bind(room, chat).await.map_err(refused)
    }
}

#[async_trait]
impl EventRooms for RefusedIsUnknown {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.0.open(room).await.map_err(unknown)
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.0.find(room).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.0.bind(room, chat).await.map_err(unknown)
    }
}

#[async_trait]
impl EventRooms for AnyAudience {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.0.open(room).await
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        let room = self.0.find(room).await?;
        Ok(room.map(|room| EventRoom { audience: audience(), ..room }))
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.0.bind(room, chat).await
    }
}

#[async_trait]
impl EventRooms for RemembersRefusals {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.rooms.open(room).await.inspect_err(|error| self.remember(error, room.chat))
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.rooms.find(room).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.rooms.bind(room, chat).await.inspect_err(|error| self.remember(error, chat))
    }
}

impl RemembersRefusals {
    fn remember(&self, error: &EventRoomsError, chat: ChatId) {
        let mut all = self.refused.lock().unwrap();
        if matches!(error, EventRoomsError::Unknown(_)) {
            all.remove(&chat);
        } else {
            all.insert(chat);
        }
    }
}

fn refused(error: EventRoomsError) -> EventRoomsError {
    match error {
        EventRoomsError::Unknown(cause) => EventRoomsError::Refused(cause),
        error => error,
    }
}

fn unknown(error: EventRoomsError) -> EventRoomsError {
    match error {
        EventRoomsError::Refused(cause) | EventRoomsError::Unavailable(cause) => {
            EventRoomsError::Unknown(cause)
        }
        error @ EventRoomsError::Unknown(_) => error,
    }
}
