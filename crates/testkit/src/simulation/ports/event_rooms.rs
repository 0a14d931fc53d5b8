use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};

use super::call;
use crate::simulation::KeyOf;
use crate::simulation::event_service::EventService;
use crate::simulation::fate::{Fate, Kind};
use crate::simulation::world::{ActorId, World};

/// The event service at the other end of a network.
pub(in crate::simulation) struct Rooms {
    pub(in crate::simulation) world: Arc<World>,
    pub(in crate::simulation) service: Arc<EventService>,
    pub(in crate::simulation) key_of: KeyOf,
}

impl Rooms {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, EventRoomsError>> + Send + 'static,
    ) -> Result<T, EventRoomsError> {
        let doubt = Doubt::about(&self.world);
        let answer = call(&self.world, Kind::RoomsWrite, name, work, error).await;
        if !matches!(answer, Err(EventRoomsError::Unknown(_))) {
            doubt.dispel();
        }
        answer
    }
}

#[async_trait]
impl EventRooms for Rooms {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        let (service, room) = (Arc::clone(&self.service), room.clone());
        let number = self.world.state().next_serial();
        let key = (self.key_of)(&room, number);
        self.write("open a room", async move { Ok(service.open(key, &room)) }).await
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        let service = Arc::clone(&self.service);
        let work = async move { Ok(service.find(room)) };
        call(&self.world, Kind::RoomsRead, "find a room", work, error).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        let service = Arc::clone(&self.service);
        self.write("bind a room", async move { service.bind(room, chat) }).await
    }
}

fn error(fate: Fate) -> EventRoomsError {
    match fate {
        Fate::Refused => EventRoomsError::Refused("simulated".into()),
        Fate::Unavailable => EventRoomsError::Unavailable("simulated".into()),
        _ => EventRoomsError::Unknown("simulated".into()),
    }
}

/// The actor that is moving is left in doubt by the event service, unless it hears what became of its
/// request. It does not if it gives up before.
struct Doubt {
    world: Arc<World>,
    actor: ActorId,
    dispelled: bool,
}

impl Doubt {
    fn about(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), actor: world.state().moving, dispelled: false }
    }

    fn dispel(mut self) {
        self.dispelled = true;
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        if !self.dispelled {
            self.world.state().in_doubt.insert(self.actor);
        }
    }
}
