//! Embeds the domain alone: its use cases over adapters of one's own, with no framework and no runtime.
//!
//! Here the chats are kept in a map and the event service is a counter; yours will differ, but nothing
//! more than these five ports is needed. Run it with `cargo run -p chats-domain --example embed`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{
    AccessError, AccessPolicy, Action, ChatIds, ChatStore, Clock, Confirmed, EventRoom, EventRooms,
    EventRoomsError, NewEventRoom, Object, Reservation, Reserved, StoreError,
};
use chats_domain::use_cases::{Chats, CreateChat, Placed, Ports, Settings};
use chats_domain::values::{Account, Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};
use futures_executor::block_on;
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
            lease: Duration::from_secs(10),
            wait: Duration::from_secs(8),
            pause: Duration::from_secs(1),
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
    let (Placed::Made(made), Placed::Found(found)) = (made, found) else {
        return Err("the first create makes the chat, the second finds it".into());
    };
    assert_eq!((&made, &made), (&found, &read));
    assert!(made.event_room().is_some());
    Ok(())
}

/// The chats in a map, behind one lock: each method is atomic by that.
#[derive(Default)]
struct OneMap(Mutex<HashMap<ChatId, Chat>>);

impl OneMap {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<ChatId, Chat>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state of a chat that is opening and at `attempt`.
    fn change(&self, id: ChatId, attempt: Attempt, to: impl FnOnce(Opening) -> ChatState) -> bool {
        self.with(|chats| match chats.get_mut(&id) {
            Some(chat) => match chat.state {
                ChatState::Opening(opening) if opening.attempt == attempt => {
                    chat.state = to(opening);
                    true
                }
                _ => false,
            },
            None => false,
        })
    }
}

#[async_trait]
impl ChatStore for OneMap {
    async fn reserve(&self, new: &Reservation) -> Result<Reserved, StoreError> {
        if let Some(chat) = self.find_by_key(&new.audience, &new.scope).await? {
            return Ok(Reserved::KeyTaken(chat));
        }
        let state = ChatState::Opening(Opening {
            existing_room: new.existing_room,
            attempt: Attempt::FIRST,
            lease_until: new.lease_until,
        });
        let chat = Chat {
            id: new.id,
            audience: new.audience.clone(),
            scope: new.scope.clone(),
            tags: new.tags.clone(),
            created_at: new.created_at,
            state,
        };
        self.with(|chats| chats.insert(new.id, chat));
        Ok(Reserved::Made)
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        Ok(self.with(|chats| chats.get(&id).cloned()))
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let has_key = |chat: &&Chat| chat.audience == *audience && chat.scope == *scope;
        Ok(self.with(|chats| chats.values().find(has_key).cloned()))
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let mut taken = None;
        self.change(id, seen, |opening| {
            if !opening.lease_has_run_out(now) {
                return ChatState::Opening(opening);
            }
            taken = Some(seen.next());
            ChatState::Opening(Opening { attempt: seen.next(), lease_until, ..opening })
        });
        Ok(taken)
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let is_ready = self.change(id, attempt, |_| ChatState::Ready(room));
        Ok(if is_ready { Confirmed::Ready } else { Confirmed::Overtaken })
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let postponed = |opening| ChatState::Opening(Opening { lease_until, ..opening });
        Ok(self.change(id, attempt, postponed))
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let is_ours = self.change(id, attempt, ChatState::Opening);
        Ok(is_ours && self.with(|chats| chats.remove(&id)).is_some())
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

#[async_trait]
impl Clock for Standstill {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(1_732_281_600_000_000)
    }

    async fn sleep(&self, _: Duration) {}
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
    #[test]
    fn the_example_runs_to_its_end() {
        super::main().unwrap();
    }
}
