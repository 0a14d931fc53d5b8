//! Stores that break one rule each: databases, and what a process puts before its database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat, ChatState};
use chats_domain::ports::{ChatStore, Confirmed, EventRooms, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use chats_testkit::memory::MemoryStore;
use chats_testkit::simulation::Database;

use super::delegation::{Broken, BrokenStore};

/// Looks whether the key is free, and then inserts.
pub(super) struct ChecksBeforeInsert(pub(super) Arc<dyn ChatStore>);

#[async_trait]
impl BrokenStore for ChecksBeforeInsert {
    fn beneath(&self) -> &dyn ChatStore {
        &*self.0
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        match self.0.find_by_key(&reservation.audience, &reservation.scope).await? {
            Some(chat) => Ok(Reserved::KeyTaken(chat)),
            None => self.0.reserve(reservation).await,
        }
    }
}

/// Binds a room that exists before its chat is reserved.
pub(super) struct BindsBeforeReserving {
    pub(super) store: Arc<dyn ChatStore>,
    pub(super) rooms: Arc<dyn EventRooms>,
}

#[async_trait]
impl BrokenStore for BindsBeforeReserving {
    fn beneath(&self) -> &dyn ChatStore {
        &*self.store
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        if let Some(room) = reservation.existing_room {
            let bound = self.rooms.bind(room, reservation.id).await;
            bound.map_err(|error| StoreError::Unavailable(error.into()))?;
        }
        self.store.reserve(reservation).await
    }
}

/// Where the event service has refused, removes the chat in place of leaving it to the next attempt.
pub(super) struct ReleasesWhatIsRefused {
    pub(super) store: Arc<dyn ChatStore>,
    pub(super) refused: Arc<Mutex<BTreeSet<ChatId>>>,
}

#[async_trait]
impl BrokenStore for ReleasesWhatIsRefused {
    fn beneath(&self) -> &dyn ChatStore {
        &*self.store
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        if lock(&self.refused).remove(&id) {
            return self.store.release(id, attempt).await;
        }
        self.store.postpone(id, attempt, lease_until).await
    }
}

/// Removes a chat that is opening, whichever attempt it is at.
#[derive(Default)]
pub(super) struct ReleasesAnyAttempt(MemoryStore);

#[async_trait]
impl BrokenStore for ReleasesAnyAttempt {
    fn beneath(&self) -> &dyn ChatStore {
        &self.0
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let attempt = attempt_of(&self.0, id).await?.unwrap_or(attempt);
        self.0.release(id, attempt).await
    }
}

impl Database for Broken<ReleasesAnyAttempt> {
    fn all(&self) -> Vec<Chat> {
        self.0.0.all()
    }
}

/// Sets the room of a chat, whichever attempt it is at, and even if it has one.
#[derive(Default)]
pub(super) struct ConfirmsAnyAttempt {
    chats: MemoryStore,
    /// The rooms that were set last.
    rooms: Mutex<BTreeMap<ChatId, EventRoomId>>,
}

impl ConfirmsAnyAttempt {
    fn shown(&self, chat: Chat) -> Chat {
        match lock(&self.rooms).get(&chat.id) {
            Some(room) => Chat { state: ChatState::Ready(*room), ..chat },
            None => chat,
        }
    }
}

#[async_trait]
impl BrokenStore for ConfirmsAnyAttempt {
    fn beneath(&self) -> &dyn ChatStore {
        &self.chats
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        Ok(match self.chats.reserve(reservation).await? {
            Reserved::KeyTaken(chat) => Reserved::KeyTaken(self.shown(chat)),
            other => other,
        })
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        Ok(self.chats.find(id).await?.map(|chat| self.shown(chat)))
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let chat = self.chats.find_by_key(audience, scope).await?;
        Ok(chat.map(|chat| self.shown(chat)))
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let attempt = attempt_of(&self.chats, id).await?.unwrap_or(attempt);
        let confirmed = self.chats.confirm(id, attempt, room).await?;
        if confirmed == Confirmed::RoomTaken || self.chats.find(id).await?.is_none() {
            return Ok(confirmed);
        }
        lock(&self.rooms).insert(id, room);
        Ok(Confirmed::Ready)
    }
}

impl Database for Broken<ConfirmsAnyAttempt> {
    fn all(&self) -> Vec<Chat> {
        self.0.chats.all().into_iter().map(|chat| self.0.shown(chat)).collect()
    }
}

/// Has no unique index of the keys: beneath it, each scope carries the chat's identifier.
#[derive(Default)]
pub(super) struct HasNoUniqueKeys(MemoryStore);

const MARK: char = '#';

#[async_trait]
impl BrokenStore for HasNoUniqueKeys {
    fn beneath(&self) -> &dyn ChatStore {
        &self.0
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let scope = format!("{}{MARK}{}", reservation.scope, reservation.id).parse().unwrap();
        self.0.reserve(&Reservation { scope, ..reservation.clone() }).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        Ok(self.0.find(id).await?.map(unmarked))
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let has_key = |chat: &Chat| chat.audience == *audience && chat.scope == *scope;
        let chats = self.0.all().into_iter().map(unmarked);
        Ok(chats.filter(has_key).min_by_key(|chat| chat.id))
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let chats = self.0.take_over_expired(now, lease_until, limit).await?;
        Ok(chats.into_iter().map(unmarked).collect())
    }
}

impl Database for Broken<HasNoUniqueKeys> {
    fn all(&self) -> Vec<Chat> {
        self.0.0.all().into_iter().map(unmarked).collect()
    }
}

fn unmarked(chat: Chat) -> Chat {
    let scope = chat.scope.as_str().split(MARK).next().unwrap().parse().unwrap();
    Chat { scope, ..chat }
}

/// The attempt that a chat is at, if it is opening.
async fn attempt_of(store: &MemoryStore, id: ChatId) -> Result<Option<Attempt>, StoreError> {
    Ok(store.find(id).await?.and_then(|chat| match chat.state {
        ChatState::Opening(opening) => Some(opening.attempt),
        ChatState::Ready(_) => None,
    }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
