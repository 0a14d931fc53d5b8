//! Embeds the domain alone: its use cases over adapters of one's own, with no framework and no runtime.
//!
//! Here the chats are kept in a map and the event service is a counter; yours will differ, but nothing
//! more than these five ports is needed. Run it with `cargo run -p chats-domain --example embed`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{
    AccessError, AccessPolicy, Action, ChatIds, ChatStore, Clock, Confirmed, EventRoom, EventRooms,
    EventRoomsError, NewEventRoom, Object, Reservation, Reserved, StoreError,
};
use chats_domain::use_cases::{Chats, CreateChat, Creation, Ports, Settings};
use chats_domain::values::{Account, Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};
use futures_executor::block_on;
use futures_util::future::{BoxFuture, ready};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let chats = Chats::new(
        Ports {
            store: Arc::new(OneMap::default()),
            rooms: Arc::new(CountedRooms::default()),
            access: Arc::new(OwnAudience),
            clock: Arc::new(Standstill),
            ids: Arc::new(CountedIds::default()),
        },
        Settings {
            lease: Duration::from_secs(4),
            deadline: Duration::from_secs(8),
            tries: 3,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
        },
    );
    let tutor: Account = "tutor-7.school.example.org".parse()?;
    let lesson = CreateChat {
        audience: "school.example.org".parse()?,
        scope: "lesson-42".parse()?,
        tags: Some(Tags::parse(r#"{"grade": 7}"#)?),
    };

    let made = block_on(chats.create(&tutor, lesson.clone()))?;
    let found = block_on(chats.create(&tutor, lesson.clone()))?;
    let read = block_on(chats.read_by_key(&tutor, &lesson.audience, &lesson.scope))?;
    let (Creation::Created(made), Creation::Existing(found)) = (made, found) else {
        return Err("the first create makes the chat, the second finds it".into());
    };
    assert_eq!((&made, &made), (&found, &read));
    assert!(made.event_room().is_some());
    Ok(())
}

/// The chats in a map, behind one lock. Each method takes it once, and is atomic by that.
#[derive(Default)]
struct OneMap(Mutex<HashMap<ChatId, Chat>>);

impl OneMap {
    fn chats(&self) -> MutexGuard<'_, HashMap<ChatId, Chat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The making of a chat that is opening and at `attempt`.
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

/// The room that nobody else may have.
fn claimed_room(chat: &Chat) -> Option<EventRoomId> {
    match chat.state {
        ChatState::Ready(room) => Some(room),
        ChatState::Opening(opening) => opening.existing_room,
    }
}

#[async_trait]
impl ChatStore for OneMap {
    async fn reserve(&self, new: &Reservation) -> Result<Reserved, StoreError> {
        let mut chats = self.chats();
        let has_key = |chat: &&Chat| chat.audience == new.audience && chat.scope == new.scope;
        if let Some(chat) = chats.values().find(has_key) {
            return Ok(Reserved::KeyTaken(chat.clone()));
        }
        let wanted = new.existing_room;
        if wanted.is_some() && chats.values().any(|chat| claimed_room(chat) == wanted) {
            return Ok(Reserved::RoomTaken);
        }
        chats.insert(new.id, new.to_chat());
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
        let free = opening(&mut chats, id, seen).filter(|opening| opening.lease_expired(now));
        Ok(free.map(|opening| {
            *opening = Opening { attempt: seen.next(), lease_until, ..*opening };
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
        if chats.values().any(|chat| chat.id != id && claimed_room(chat) == Some(room)) {
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
        let postponed = opening(&mut chats, id, attempt);
        Ok(postponed.map(|opening| opening.lease_until = lease_until).is_some())
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let mut chats = self.chats();
        Ok(opening(&mut chats, id, attempt).is_some() && chats.remove(&id).is_some())
    }
}

/// An event service that opens every room it is asked for, and has none of anyone else's.
#[derive(Default)]
struct CountedRooms(AtomicU64);

#[async_trait]
impl EventRooms for CountedRooms {
    async fn open(&self, _: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        Ok(Uuid::from_u64_pair(0, self.0.fetch_add(1, Ordering::Relaxed)).into())
    }

    async fn find(&self, _: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        Ok(None)
    }

    async fn bind(&self, _: EventRoomId, _: ChatId) -> Result<(), EventRoomsError> {
        Err(EventRoomsError::Refused("there is no such room".into()))
    }
}

/// Every account may do everything in its own audience.
struct OwnAudience;

#[async_trait]
impl AccessPolicy for OwnAudience {
    async fn authorize(
        &self,
        account: &Account,
        audience: &Audience,
        _: Object,
        _: Action,
    ) -> Result<(), AccessError> {
        if account.audience() == audience { Ok(()) } else { Err(AccessError::Denied) }
    }
}

/// A clock that stands still.
struct Standstill;

impl Clock for Standstill {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(1_732_281_600_000_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
}

/// Identifiers that are counted, which will do for one process.
#[derive(Default)]
struct CountedIds(AtomicU64);

impl ChatIds for CountedIds {
    fn next(&self) -> ChatId {
        Uuid::from_u64_pair(0, self.0.fetch_add(1, Ordering::Relaxed)).into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chats_domain::ports::ChatStore;

    use super::OneMap;

    chats_testkit::chat_store_contract!(async {
        (Arc::new(OneMap::default()) as Arc<dyn ChatStore>, ())
    });

    #[test]
    fn the_example_runs_to_its_end() {
        super::main().unwrap();
    }
}
