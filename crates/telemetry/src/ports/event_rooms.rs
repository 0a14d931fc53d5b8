use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};

use crate::{Call, Metrics};

/// Event rooms whose calls are counted and timed.
pub struct ObservedRooms {
    inner: Arc<dyn EventRooms>,
    open: Call,
    find: Call,
    bind: Call,
}

impl ObservedRooms {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn EventRooms>, metrics: &Metrics) -> Self {
        let call = |name| metrics.call("event_rooms", name);
        Self { inner, open: call("open"), find: call("find"), bind: call("bind") }
    }
}

#[async_trait]
impl EventRooms for ObservedRooms {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.open.observed(self.inner.open(room)).await
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        self.find.observed_look(self.inner.find(room)).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.bind.observed(self.inner.bind(room, chat)).await
    }
}
