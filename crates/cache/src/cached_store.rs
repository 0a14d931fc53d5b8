use std::future::Future;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};

use crate::ready_chat::{Key, ReadyChat};
use crate::ready_chats::{LookUp, ReadyChats};

/// A chat store that reads ready chats from memory, and all else from the store behind it.
///
/// Of those who read the same chat at once, one asks that store. All that it answers with a ready chat
/// fills the cache.
pub struct CachedStore {
    inner: Arc<dyn ChatStore>,
    chats: ReadyChats,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How a cache does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// How many reads were answered without the store.
    pub hits: u64,
    /// How many reads asked the store.
    pub misses: u64,
    /// How many entries there are: two for a chat that is found both by its identifier and by its key.
    pub entries: usize,
    /// How much memory the entries are counted to take, in bytes.
    pub bytes: u64,
}

type Found = Result<Option<Chat>, StoreError>;

impl CachedStore {
    /// Stands before `inner` with a cache of `bytes` at the most.
    #[must_use]
    pub fn new(inner: Arc<dyn ChatStore>, bytes: NonZeroU64) -> Self {
        let chats = ReadyChats::new(bytes);
        Self { inner, chats, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// How the cache does.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.chats.entries(),
            bytes: self.chats.bytes(),
        }
    }

    /// Reads a chat: from memory, or by asking the store.
    async fn read<F: Future<Output = Found>>(&self, key: Key, ask: impl FnOnce() -> F) -> Found {
        let waiting = match self.chats.look_up(&key).await {
            LookUp::Here(chat) => {
                self.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(Some(chat.to_chat()));
            }
            LookUp::Missing(waiting) => Some(waiting),
            LookUp::NotBrought => None,
        };
        self.misses.fetch_add(1, Ordering::Relaxed);
        let found = ask().await;
        let ready = found.as_ref().ok().and_then(Option::as_ref).and_then(ReadyChat::of);
        if let Some(waiting) = waiting {
            waiting.tell(ready.clone());
        }
        if let Some(ready) = ready {
            self.chats.keep(&ready);
        }
        found
    }
}

#[async_trait]
impl ChatStore for CachedStore {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let reserved = self.inner.reserve(reservation).await?;
        if let Reserved::KeyTaken(chat) = &reserved
            && let Some(ready) = ReadyChat::of(chat)
        {
            self.chats.keep(&ready);
        }
        Ok(reserved)
    }

    async fn find(&self, id: ChatId) -> Found {
        self.read(Key::Id(id), || self.inner.find(id)).await
    }

    async fn find_by_key(&self, audience: &Audience, scope: &Scope) -> Found {
        let key = Key::Name(audience.clone(), scope.clone());
        self.read(key, || self.inner.find_by_key(audience, scope)).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.inner.take_over(id, seen, now, lease_until).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        self.inner.take_over_expired(now, lease_until, limit).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.inner.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.inner.release(id, attempt).await
    }
}
