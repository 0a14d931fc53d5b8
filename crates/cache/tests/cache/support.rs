use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use chats_cache::CachedStore;
use chats_domain::chat::{Attempt, Chat, ChatState};
use chats_domain::ports::{ChatIds, ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};
use chats_testkit::memory::{MemoryStore, RandomIds};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// A store in memory that counts the reads that it is asked for, and that answers late or fails if told to.
pub(crate) struct AskedStore {
    chats: MemoryStore,
    asked: AtomicU64,
    /// One permit lets one answer go.
    answers: Semaphore,
    fails: AtomicBool,
}

impl AskedStore {
    /// A store that answers at once.
    pub(crate) fn new() -> Arc<Self> {
        Self::with_answers(Semaphore::MAX_PERMITS)
    }

    /// A store whose answers to reads, once known, wait until they are let go.
    pub(crate) fn that_answers_late() -> Arc<Self> {
        Self::with_answers(0)
    }

    fn with_answers(answers: usize) -> Arc<Self> {
        Arc::new(Self {
            chats: MemoryStore::default(),
            asked: AtomicU64::new(0),
            answers: Semaphore::new(answers),
            fails: AtomicBool::new(false),
        })
    }

    /// A cached store before this one, with room for all that a test has.
    pub(crate) fn cached(self: &Arc<Self>) -> CachedStore {
        self.cached_in(1 << 20)
    }

    pub(crate) fn cached_in(self: &Arc<Self>, bytes: u64) -> CachedStore {
        CachedStore::new(self.clone(), NonZeroU64::new(bytes).unwrap())
    }

    /// How many reads this store was asked for so far.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn let_go(&self, answers: usize) {
        self.answers.add_permits(answers);
    }

    /// From now on, reads fail, or again do not.
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    async fn answer(&self, found: Option<Chat>) -> Result<Option<Chat>, StoreError> {
        let fails = self.fails.load(Ordering::Relaxed);
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answers.acquire().await.unwrap().forget();
        if fails { Err(StoreError::Unavailable("no answer".into())) } else { Ok(found) }
    }
}

#[async_trait]
impl ChatStore for AskedStore {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        self.chats.reserve(reservation).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.answer(self.chats.find(id).await?).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        self.answer(self.chats.find_by_key(audience, scope).await?).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.chats.take_over(id, seen, now, lease_until).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        self.chats.take_over_expired(now, lease_until, limit).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.chats.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.chats.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.chats.release(id, attempt).await
    }
}

pub(crate) fn reservation(audience: &str, scope: &str) -> Reservation {
    Reservation {
        id: RandomIds.next(),
        audience: audience.parse().unwrap(),
        scope: scope.parse().unwrap(),
        tags: Some(Tags::parse(r#"{"grade": 7}"#).unwrap()),
        existing_room: None,
        asked_by: "tutor-7.school.example.org".parse().unwrap(),
        created_at: Timestamp::from_unix_micros(1_732_281_600_000_000),
        lease_until: Timestamp::from_unix_micros(1_732_281_601_000_000),
    }
}

/// A chat that the store has, opening.
pub(crate) async fn an_opening_chat(store: &dyn ChatStore, reservation: &Reservation) -> Chat {
    assert_eq!(store.reserve(reservation).await.unwrap(), Reserved::Made);
    reservation.to_chat()
}

/// A chat that the store has, ready.
pub(crate) async fn a_ready_chat(store: &dyn ChatStore, reservation: &Reservation) -> Chat {
    let chat = an_opening_chat(store, reservation).await;
    confirmed(store, chat).await
}

/// The chat, once it has been made ready.
pub(crate) async fn confirmed(store: &dyn ChatStore, chat: Chat) -> Chat {
    let room = Uuid::new_v4().into();
    let confirmed = store.confirm(chat.id, Attempt::FIRST, room).await.unwrap();
    assert_eq!(confirmed, Confirmed::Ready);
    Chat { state: ChatState::Ready(room), ..chat }
}
