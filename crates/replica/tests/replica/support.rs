use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatIds, ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use chats_replica::ReplicatedStore;
use chats_testkit::memory::{ManualClock, MemoryStore, RandomIds};
use tokio::sync::Notify;
use uuid::Uuid;

/// A primary and its replica, which has what a test gives it.
pub(crate) struct Pair {
    pub(crate) primary: Arc<MemoryStore>,
    pub(crate) replica: Arc<Replica>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<ReplicatedStore>,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let (primary, replica) = (Arc::<MemoryStore>::default(), Arc::<Replica>::default());
        let clock = Arc::<ManualClock>::default();
        let store = ReplicatedStore::new(primary.clone(), replica.clone(), clock.clone());
        Self { primary, replica, clock, store: Arc::new(store) }
    }

    /// A chat that both have, opening.
    pub(crate) async fn opening_chat(&self) -> Chat {
        let chat = reservation();
        for store in [&self.primary, &self.replica.chats] {
            assert_eq!(store.reserve(&chat).await.unwrap(), Reserved::Made);
        }
        chat.to_chat()
    }

    /// A chat that both have, ready.
    pub(crate) async fn ready_chat(&self) -> Chat {
        let chat = self.opening_chat().await;
        let room = Uuid::new_v4().into();
        make_ready(&self.replica.chats, &chat, room).await;
        make_ready(&self.primary, &chat, room).await
    }
}

/// The chat, once a store has made it ready.
pub(crate) async fn make_ready(store: &MemoryStore, chat: &Chat, room: EventRoomId) -> Chat {
    let confirmed = store.confirm(chat.id, Attempt::FIRST, room).await.unwrap();
    assert_eq!(confirmed, Confirmed::Ready);
    store.find(chat.id).await.unwrap().unwrap()
}

pub(crate) fn reservation() -> Reservation {
    Reservation {
        id: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        scope: "lesson-1".parse().unwrap(),
        tags: None,
        existing_room: None,
        asked_by: "tutor-7.school.example.org".parse().unwrap(),
        created_at: Timestamp::from_unix_micros(1_732_281_600_000_000),
        lease_until: Timestamp::from_unix_micros(1_732_281_601_000_000),
    }
}

/// A replica. Nobody may write to it.
#[derive(Default)]
pub(crate) struct Replica {
    /// What has come from the primary.
    pub(crate) chats: Arc<MemoryStore>,
    /// What was so when it was last asked for, if it lags.
    before: Option<Mutex<HashMap<String, Option<Chat>>>>,
    asked: AtomicU64,
    does: Mutex<Does>,
    answers: Notify,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Does {
    #[default]
    Answer,
    /// It answers once it is told to.
    Wait,
    Fail,
    Hang,
}

impl Replica {
    /// A replica that tells of a chat what was so when it was last asked for it.
    pub(crate) fn that_lags_behind(primary: &Arc<MemoryStore>) -> Self {
        Self { chats: Arc::clone(primary), before: Some(Mutex::default()), ..Self::default() }
    }

    pub(crate) fn does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// Has it answer a read that waits.
    pub(crate) fn answer_one(&self) {
        self.answers.notify_one();
    }

    /// How many reads it was asked for so far.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    async fn answer(&self, key: String, found: Option<Chat>) -> Result<Option<Chat>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let does = *self.does.lock().unwrap();
        if matches!(does, Does::Wait) {
            self.answers.notified().await;
        }
        match (does, &self.before) {
            (Does::Answer | Does::Wait, None) => Ok(found),
            (Does::Answer | Does::Wait, Some(before)) => {
                Ok(before.lock().unwrap().insert(key, found).flatten())
            }
            (Does::Fail, _) => Err(StoreError::Unavailable("it is down".into())),
            (Does::Hang, _) => pending().await,
        }
    }
}

#[async_trait]
impl ChatStore for Replica {
    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.answer(id.to_string(), self.chats.find(id).await?).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let found = self.chats.find_by_key(audience, scope).await?;
        self.answer(format!("{audience} {scope}"), found).await
    }

    async fn reserve(&self, _: &Reservation) -> Result<Reserved, StoreError> {
        unreachable!("it is a replica")
    }

    async fn take_over(
        &self,
        _: ChatId,
        _: Attempt,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        unreachable!("it is a replica")
    }

    async fn take_over_expired(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        unreachable!("it is a replica")
    }

    async fn confirm(
        &self,
        _: ChatId,
        _: Attempt,
        _: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        unreachable!("it is a replica")
    }

    async fn postpone(&self, _: ChatId, _: Attempt, _: Timestamp) -> Result<bool, StoreError> {
        unreachable!("it is a replica")
    }

    async fn release(&self, _: ChatId, _: Attempt) -> Result<bool, StoreError> {
        unreachable!("it is a replica")
    }
}
