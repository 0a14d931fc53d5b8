//! Stores that break one rule each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat, ChatState};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use chats_testkit::memory::MemoryStore;
use chats_testkit::simulation::Database;

/// Removes a chat that is opening, whichever attempt it is at.
pub(super) struct UnfencedRelease(pub(super) MemoryStore);

/// Sets the room of a chat, whichever attempt it is at, and even if it has one.
#[derive(Default)]
pub(super) struct UnfencedConfirm {
    chats: MemoryStore,
    /// The rooms that were set last.
    rooms: Mutex<BTreeMap<ChatId, EventRoomId>>,
}

/// Looks whether the key is free, and then inserts.
pub(super) struct CheckBeforeInsert(pub(super) Arc<dyn ChatStore>);

/// Has no unique index of the keys: beneath it, each scope carries the chat's identifier.
pub(super) struct NoUniqueKeys(pub(super) MemoryStore);

const MARK: char = '#';

impl Database for UnfencedRelease {
    fn all(&self) -> Vec<Chat> {
        self.0.all()
    }
}

#[async_trait]
impl ChatStore for UnfencedRelease {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        self.0.reserve(reservation).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.0.find(id).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        self.0.find_by_key(audience, scope).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.0.take_over(id, seen, now, lease_until).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        self.0.take_over_expired(now, lease_until, limit).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.0.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let attempt = match self.0.find(id).await?.map(|chat| chat.state) {
            Some(ChatState::Opening(opening)) => opening.attempt,
            _ => attempt,
        };
        self.0.release(id, attempt).await
    }
}

impl UnfencedConfirm {
    fn rooms(&self) -> MutexGuard<'_, BTreeMap<ChatId, EventRoomId>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self, chat: Chat) -> Chat {
        match self.rooms().get(&chat.id) {
            Some(room) => Chat { state: ChatState::Ready(*room), ..chat },
            None => chat,
        }
    }
}

impl Database for UnfencedConfirm {
    fn all(&self) -> Vec<Chat> {
        self.chats.all().into_iter().map(|chat| self.shown(chat)).collect()
    }
}

#[async_trait]
impl ChatStore for UnfencedConfirm {
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
        let attempt = match self.chats.find(id).await?.map(|chat| chat.state) {
            Some(ChatState::Opening(opening)) => opening.attempt,
            _ => attempt,
        };
        let confirmed = self.chats.confirm(id, attempt, room).await?;
        if confirmed == Confirmed::RoomTaken || self.chats.find(id).await?.is_none() {
            return Ok(confirmed);
        }
        self.rooms().insert(id, room);
        Ok(Confirmed::Ready)
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

#[async_trait]
impl ChatStore for CheckBeforeInsert {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        match self.0.find_by_key(&reservation.audience, &reservation.scope).await? {
            Some(chat) => Ok(Reserved::KeyTaken(chat)),
            None => self.0.reserve(reservation).await,
        }
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.0.find(id).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        self.0.find_by_key(audience, scope).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.0.take_over(id, seen, now, lease_until).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        self.0.take_over_expired(now, lease_until, limit).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.0.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.0.release(id, attempt).await
    }
}

impl Database for NoUniqueKeys {
    fn all(&self) -> Vec<Chat> {
        let mut chats: Vec<_> = self.0.all().into_iter().map(unmarked).collect();
        chats.sort_by_key(|chat| chat.id);
        chats
    }
}

#[async_trait]
impl ChatStore for NoUniqueKeys {
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
        Ok(self.all().into_iter().find(has_key))
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.0.take_over(id, seen, now, lease_until).await
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

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.0.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.0.release(id, attempt).await
    }
}

fn unmarked(chat: Chat) -> Chat {
    let scope = chat.scope.as_str().split(MARK).next().unwrap().parse().unwrap();
    Chat { scope, ..chat }
}
