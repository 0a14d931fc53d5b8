//! The ports as the use cases see them: each call waits for the scheduler, which decides its fate.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{
    ChatIds, ChatStore, Clock, Confirmed, EventRoom, EventRooms, EventRoomsError, NewEventRoom,
    Reservation, Reserved, StoreError,
};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::Database;
use super::event_service::{EventService, Request};
use super::world::{ActorId, Fate, Kind, World};

/// A database at the other end of a network.
pub(super) struct Store {
    pub(super) world: Arc<World>,
    pub(super) database: Arc<dyn Database>,
}

impl Store {
    /// `work` is done at its first poll, for a [`Database`] never waits.
    async fn call<T>(
        &self,
        kind: Kind,
        name: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let result = match self.world.call(kind, name).await {
            Fate::Done => work.await,
            Fate::AnswerLost => {
                work.await?;
                Err(StoreError::Unavailable("simulated, and done".into()))
            }
            Fate::DiesAfter => {
                work.await?;
                pending().await
            }
            _ => Err(StoreError::Unavailable("simulated, and not done".into())),
        };
        answer(&self.world, name, result).await
    }
}

#[async_trait]
impl ChatStore for Store {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        self.call(Kind::StoreWrite, "reserve", self.database.reserve(reservation)).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.call(Kind::StoreRead, "find a chat", self.database.find(id)).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let work = self.database.find_by_key(audience, scope);
        self.call(Kind::StoreRead, "find a chat by its key", work).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let work = async {
            let taken = self.database.take_over(id, seen, now, lease_until).await?;
            if taken.is_some() {
                self.world.state().taken_over.insert(id);
            }
            Ok(taken)
        };
        self.call(Kind::StoreWrite, "take over", work).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let work = async {
            let mut taken = self.database.take_over_expired(now, lease_until, limit).await?;
            // A database may order them as it likes; a run must not.
            taken.sort_by_key(|chat| chat.id);
            self.world.state().taken_over.extend(taken.iter().map(|chat| chat.id));
            Ok(taken)
        };
        self.call(Kind::StoreWrite, "take over what has expired", work).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let work = self.database.confirm(id, attempt, room);
        self.call(Kind::StoreWrite, "confirm", work).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let work = self.database.postpone(id, attempt, lease_until);
        self.call(Kind::StoreWrite, "postpone", work).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.call(Kind::StoreWrite, "release", self.database.release(id, attempt)).await
    }
}

/// The event service at the other end of a network.
pub(super) struct Rooms {
    pub(super) world: Arc<World>,
    pub(super) service: Arc<EventService>,
}

impl Rooms {
    async fn ask(
        &self,
        name: &'static str,
        request: Request,
    ) -> Result<EventRoomId, EventRoomsError> {
        let doubt = Doubt::about(&self.world);
        let fate = self.world.call(Kind::RoomsWrite, name).await;
        let result = match fate {
            Fate::Done => self.service.carry_out(&request),
            Fate::AnswerLost => self.service.carry_out(&request).and(Err(unknown())),
            Fate::DiesAfter => {
                self.service.carry_out(&request)?;
                pending().await
            }
            Fate::Delayed | Fate::DiesDelayed => {
                self.world.state().delayed.push(request);
                if fate.is_deadly() {
                    pending::<()>().await;
                }
                Err(unknown())
            }
            fate => Err(not_done(fate)),
        };
        let result = answer(&self.world, name, result).await;
        if !matches!(result, Err(EventRoomsError::Unknown(_))) {
            doubt.dispel();
        }
        result
    }
}

fn not_done(fate: Fate) -> EventRoomsError {
    match fate {
        Fate::Refused => EventRoomsError::Refused("simulated".into()),
        Fate::Unavailable => EventRoomsError::Unavailable("simulated".into()),
        _ => unknown(),
    }
}

fn unknown() -> EventRoomsError {
    EventRoomsError::Unknown("simulated".into())
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

#[async_trait]
impl EventRooms for Rooms {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        self.ask("open a room", Request::Open(room.clone())).await
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        let result = match self.world.call(Kind::RoomsRead, "find a room").await {
            Fate::Done => Ok(self.service.find(room)),
            fate => Err(not_done(fate)),
        };
        answer(&self.world, "find a room", result).await
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        self.ask("bind a room", Request::Bind(room, chat)).await.map(drop)
    }
}

async fn answer<T>(world: &Arc<World>, name: &'static str, result: T) -> T {
    if world.answers_travel {
        world.call(Kind::Answer, name).await;
    }
    result
}

/// Time, which the scheduler moves.
pub(super) struct Time(pub(super) Arc<World>);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.0.state().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.0.sleep_until(self.now().plus(duration)))
    }
}

/// Identifiers, counted.
pub(super) struct CountedIds(pub(super) Arc<World>);

impl ChatIds for CountedIds {
    fn next(&self) -> ChatId {
        let mut state = self.0.state();
        let id = ChatId::from(Uuid::from_u128(state.chosen.len() as u128 + 1));
        let moving = state.moving;
        state.chosen.insert(id, moving);
        id
    }
}
