//! A world in memory, whose time stands still until a test moves it.

#![allow(dead_code, reason = "each test binary uses its part of it")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::sync::Arc;
use std::time::Duration;

use chats_domain::chat::{Chat, ChatState};
use chats_domain::ports::{AccessPolicy, ChatStore, Clock};
use chats_domain::use_cases::{
    Chats, ConvertChat, CreateChat, CreateError, Creation, Ports, Recovery, Settings,
};
use chats_domain::values::{Account, Audience, EventRoomId, Tags};
use chats_testkit::memory::{
    FakePolicy, ManualClock, MemoryRooms, MemoryStore, RandomIds, Verdict,
};

pub(crate) const SETTINGS: Settings = Settings {
    lease: Duration::from_secs(4),
    deadline: Duration::from_secs(8),
    tries: 1,
    pause: Duration::from_secs(1),
    longest_pause: Duration::from_mins(1),
};

pub(crate) struct World {
    pub(crate) chats: Arc<Chats>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) rooms: Arc<MemoryRooms>,
    pub(crate) clock: Arc<ManualClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_policy(FakePolicy::always(Verdict::Allow))
    }

    pub(crate) fn with_policy(policy: FakePolicy) -> Self {
        let (store, rooms) = (Arc::new(MemoryStore::default()), Arc::new(MemoryRooms::default()));
        let clock = Arc::new(ManualClock::default());
        let chats = instance(store.clone(), &rooms, &clock, Arc::new(policy));
        Self { chats, store, rooms, clock }
    }

    /// A world whose requests try to open a chat up to `tries` times.
    pub(crate) fn with_tries(tries: u32) -> Self {
        let world = Self::new();
        let access = Arc::new(FakePolicy::always(Verdict::Allow));
        let ports = ports(world.store.clone(), &world.rooms, &world.clock, access);
        Self { chats: Arc::new(Chats::new(ports, Settings { tries, ..SETTINGS })), ..world }
    }

    /// Another instance of the service: it shares the store and the event service, and nothing else.
    pub(crate) fn another_instance(&self) -> Arc<Chats> {
        let policy = Arc::new(FakePolicy::always(Verdict::Allow));
        instance(self.store.clone(), &self.rooms, &self.clock, policy)
    }

    pub(crate) async fn create(
        &self,
        scope: &str,
        tags: Option<&str>,
    ) -> Result<Creation, CreateError> {
        self.chats.create(&tutor(), create(scope, tags)).await
    }

    pub(crate) async fn convert(
        &self,
        scope: &str,
        room: EventRoomId,
    ) -> Result<Creation, CreateError> {
        self.chats.convert(&tutor(), convert(scope, room)).await
    }

    /// Makes an attempt on each of up to `limit` chats that nobody works on now.
    pub(crate) async fn recover(&self, limit: u32) -> Vec<Recovery> {
        self.chats.recover(self.clock.now(), limit).await.unwrap()
    }

    /// The chat with the scope `scope`, as the store has it.
    pub(crate) fn stored(&self, scope: &str) -> Option<Chat> {
        self.store.all().into_iter().find(|chat| chat.scope.as_str() == scope)
    }
}

pub(crate) fn instance(
    store: Arc<dyn ChatStore>,
    rooms: &Arc<MemoryRooms>,
    clock: &Arc<ManualClock>,
    access: Arc<dyn AccessPolicy>,
) -> Arc<Chats> {
    Arc::new(Chats::new(ports(store, rooms, clock, access), SETTINGS))
}

fn ports(
    store: Arc<dyn ChatStore>,
    rooms: &Arc<MemoryRooms>,
    clock: &Arc<ManualClock>,
    access: Arc<dyn AccessPolicy>,
) -> Ports {
    Ports { store, rooms: rooms.clone(), access, clock: clock.clone(), ids: Arc::new(RandomIds) }
}

/// Lets time pass until `work` is done.
pub(crate) async fn while_time_passes<T>(world: &World, work: impl Future<Output = T>) -> T {
    let time = async {
        loop {
            world.clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = work => done,
        () = time => unreachable!("time never ends"),
    }
}

pub(crate) fn school() -> Audience {
    "school.example.org".parse().unwrap()
}

pub(crate) fn tutor() -> Account {
    "tutor-7.school.example.org".parse().unwrap()
}

pub(crate) fn create(scope: &str, tags: Option<&str>) -> CreateChat {
    let tags = tags.map(|tags| Tags::parse(tags).unwrap());
    CreateChat { audience: school(), scope: scope.parse().unwrap(), tags }
}

pub(crate) fn convert(scope: &str, event_room: EventRoomId) -> ConvertChat {
    ConvertChat { audience: school(), scope: scope.parse().unwrap(), tags: None, event_room }
}

pub(crate) fn made(placed: Result<Creation, CreateError>) -> Chat {
    match placed.unwrap() {
        Creation::Created(chat) => chat,
        Creation::Existing(chat) => panic!("found, and not made: {chat:?}"),
    }
}

pub(crate) fn found(placed: Result<Creation, CreateError>) -> Chat {
    match placed.unwrap() {
        Creation::Existing(chat) => chat,
        Creation::Created(chat) => panic!("made, and not found: {chat:?}"),
    }
}

pub(crate) fn is_opening(chat: &Chat) -> bool {
    matches!(chat.state, ChatState::Opening(_))
}
