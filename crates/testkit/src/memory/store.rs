use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{
    Added, Batch, BulkStore, ChatStore, Confirmed, ReadyChat, Reservation, Reserved, StoreError,
};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};

/// A chat store in memory. It is the model that the others are compared with.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<ChatId, Chat>>);

impl MemoryStore {
    /// All chats there are.
    #[must_use]
    pub fn all(&self) -> Vec<Chat> {
        self.chats().values().cloned().collect()
    }

    fn chats(&self) -> MutexGuard<'_, HashMap<ChatId, Chat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ChatStore for MemoryStore {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let mut chats = self.chats();
        let has_key =
            |chat: &&Chat| chat.audience == reservation.audience && chat.scope == reservation.scope;
        if let Some(chat) = chats.values().find(has_key) {
            return Ok(Reserved::KeyTaken(chat.clone()));
        }
        if let Some(room) = reservation.existing_room
            && chats.values().any(|chat| room_of(chat) == Some(room))
        {
            return Ok(Reserved::RoomTaken);
        }
        if chats.contains_key(&reservation.id) {
            return Err(StoreError::Failed("the identifier is taken".into()));
        }
        chats.insert(reservation.id, reservation.to_chat());
        Ok(Reserved::Made)
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        Ok(self.chats().get(&id).cloned())
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let has_key = |chat: &&Chat| chat.audience == *audience && chat.scope == *scope;
        Ok(self.chats().values().find(has_key).cloned())
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let mut chats = self.chats();
        let taken = opening(&mut chats, id, seen).filter(|opening| opening.lease_expired(now));
        Ok(taken.map(|opening| {
            opening.attempt = seen.next();
            opening.lease_until = lease_until;
            opening.attempt
        }))
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let mut chats = self.chats();
        let mut expired: Vec<_> = chats
            .values_mut()
            .filter_map(|chat| match chat.state {
                ChatState::Opening(opening) if opening.lease_expired(now) => Some((opening, chat)),
                _ => None,
            })
            .collect();
        expired.sort_by_key(|(opening, _)| opening.lease_until);
        let taken_over = expired.into_iter().zip(0..limit).map(|((opening, chat), _)| {
            let attempt = opening.attempt.next();
            chat.state = ChatState::Opening(Opening { attempt, lease_until, ..opening });
            chat.clone()
        });
        Ok(taken_over.collect())
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let mut chats = self.chats();
        if opening(&mut chats, id, attempt).is_none() {
            return Ok(Confirmed::Overtaken);
        }
        let another_has_it = |chat: &Chat| chat.id != id && room_of(chat) == Some(room);
        if chats.values().any(another_has_it) {
            return Ok(Confirmed::RoomTaken);
        }
        if let Some(chat) = chats.get_mut(&id) {
            chat.state = ChatState::Ready(room);
        }
        Ok(Confirmed::Ready)
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut chats = self.chats();
        let opening = opening(&mut chats, id, attempt);
        Ok(opening.map(|opening| opening.lease_until = lease_until).is_some())
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let mut chats = self.chats();
        let is_ours = opening(&mut chats, id, attempt).is_some();
        if is_ours {
            chats.remove(&id);
        }
        Ok(is_ours)
    }
}

#[async_trait]
impl BulkStore for MemoryStore {
    async fn add(&self, batch: &Batch) -> Result<Vec<Added>, StoreError> {
        let mut chats = self.chats();
        batch.chats().iter().map(|chat| add(&mut chats, chat)).collect()
    }
}

fn add(chats: &mut HashMap<ChatId, Chat>, new: &ReadyChat) -> Result<Added, StoreError> {
    let has_key = |chat: &&Chat| chat.audience == new.audience && chat.scope == new.scope;
    if let Some(chat) = chats.values().find(has_key) {
        return Ok(Added::KeyTaken(chat.clone()));
    }
    if chats.values().any(|chat| room_of(chat) == Some(new.event_room)) {
        return Ok(Added::RoomTaken);
    }
    if chats.contains_key(&new.id) {
        return Err(StoreError::Failed("the identifier is taken".into()));
    }
    chats.insert(new.id, new.to_chat());
    Ok(Added::Made)
}

/// The chat, if it is opening and at `attempt`.
fn opening(
    chats: &mut HashMap<ChatId, Chat>,
    id: ChatId,
    attempt: Attempt,
) -> Option<&mut Opening> {
    match &mut chats.get_mut(&id)?.state {
        ChatState::Opening(opening) if opening.attempt == attempt => Some(opening),
        _ => None,
    }
}

/// The room that the chat has for itself, opening or ready.
fn room_of(chat: &Chat) -> Option<EventRoomId> {
    match chat.state {
        ChatState::Opening(opening) => opening.existing_room,
        ChatState::Ready(room) => Some(room),
    }
}
