//! What a request does with its time.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod common;

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{
    AccessError, AccessPolicy, Action, ChatStore, Clock, Confirmed, Object, Reservation, Reserved,
    StoreError,
};
use chats_domain::use_cases::{CreateError, ReadError};
use chats_domain::values::{Account, Audience, ChatId, EventRoomId, Scope, Timestamp};
use chats_testkit::memory::{Answer, FakePolicy, ManualClock, MemoryRooms, Verdict};
use common::{
    SETTINGS, World, create, found, instance, is_opening, made, school, tutor, while_time_passes,
};
use uuid::Uuid;

#[tokio::test]
async fn an_unknown_outcome_is_tried_again_by_the_same_request() {
    let world = World::with_tries(3);
    world.rooms.answer_next([Answer::UnknownButDone, Answer::UnknownAndNotDone]);
    let chat = made(while_time_passes(&world, world.create("lesson-42", None)).await);

    let calls = world.rooms.open_calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.chat == chat.id), "the key is the same");
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn after_its_last_try_a_request_leaves_the_chat_to_recovery() {
    let world = World::with_tries(3);
    world.rooms.answer_next([Answer::UnknownAndNotDone; 3]);
    let unknown = while_time_passes(&world, world.create("lesson-42", None)).await;
    assert!(matches!(unknown, Err(CreateError::EventServiceUnavailable(_))), "{unknown:?}");
    assert_eq!(world.rooms.open_calls().len(), 3);

    world.clock.advance(SETTINGS.longest_pause);
    assert!(world.recover(1).await[0].result.is_ok());
    found(world.create("lesson-42", None).await);
}

#[tokio::test]
async fn what_certainly_was_not_done_is_not_tried_again() {
    for answer in [Answer::Unavailable, Answer::Refused] {
        let world = World::with_tries(3);
        world.rooms.answer_next([answer]);
        assert!(world.create("lesson-42", None).await.is_err());
        assert_eq!((world.rooms.open_calls().len(), world.store.all().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_request_ends_at_its_deadline_though_the_event_service_does_not_answer() {
    let world = World::with_tries(3);
    let hold = world.rooms.hold();
    let chats = world.chats.clone();
    let waiting =
        tokio::spawn(async move { chats.create(&tutor(), create("lesson-42", None)).await });
    world.rooms.until_held(1).await;
    world.clock.until_asleep(1).await;

    world.clock.advance(SETTINGS.deadline);
    let late = waiting.await.unwrap();
    assert!(matches!(late, Err(CreateError::EventServiceUnavailable(_))), "{late:?}");
    assert!(is_opening(&world.stored("lesson-42").unwrap()));

    drop(hold);
    assert!(world.recover(1).await[0].result.is_ok());
}

#[tokio::test]
async fn a_request_ends_at_its_deadline_though_another_still_opens_the_chat() {
    let world = World::new();
    let now = world.clock.now();
    world.store.reserve(&opening(now)).await.unwrap();

    let late = while_time_passes(&world, world.create("lesson-42", None)).await;
    assert!(matches!(late, Err(CreateError::EventServiceUnavailable(_))), "{late:?}");
    let time = world.clock.now().since(now);
    assert!(time >= SETTINGS.deadline && time < SETTINGS.deadline * 2, "{time:?}");
    let other = while_time_passes(&world, world.create("lesson-42", Some("{}"))).await;
    assert!(matches!(other, Err(CreateError::AlreadyExists(_))), "{other:?}");
}

#[tokio::test]
async fn a_request_ends_at_its_deadline_though_the_store_does_not_answer() {
    let (clock, rooms) = (Arc::new(ManualClock::default()), Arc::new(MemoryRooms::default()));
    let allow = Arc::new(FakePolicy::always(Verdict::Allow));
    let chats = instance(Arc::new(Silent::default()), &rooms, &clock, allow);
    let account = tutor();
    let (creating, reading) = tokio::join!(
        at_the_deadline(&clock, chats.create(&account, create("lesson-42", None))),
        at_the_deadline(&clock, chats.read(&account, Uuid::from_u128(7).into())),
    );
    assert!(matches!(creating, Err(CreateError::StoreUnavailable(_))), "{creating:?}");
    assert!(matches!(reading, Err(ReadError::StoreUnavailable(_))), "{reading:?}");
}

#[tokio::test]
async fn a_request_ends_at_its_deadline_though_the_policy_does_not_answer() {
    let world = World::new();
    let chats =
        instance(world.store.clone(), &world.rooms, &world.clock, Arc::new(Silent::default()));
    let creating =
        at_the_deadline(&world.clock, chats.create(&tutor(), create("lesson-42", None))).await;
    assert!(matches!(creating, Err(CreateError::AccessUnavailable(_))), "{creating:?}");

    let chat = made(world.create("lesson-42", None).await);
    let reading = at_the_deadline(&world.clock, chats.read(&tutor(), chat.id)).await;
    assert!(matches!(reading, Err(ReadError::AccessUnavailable(_))), "{reading:?}");
}

#[tokio::test]
async fn who_waits_for_another_is_told_so_though_it_is_the_store_that_is_late() {
    let world = World::new();
    let now = world.clock.now();
    let chat = opening(now).to_chat();
    let allow = Arc::new(FakePolicy::always(Verdict::Allow));
    let store = Arc::new(Silent { chat: Some(chat) });
    let chats = instance(store, &world.rooms, &world.clock, allow);

    let account = tutor();
    let late = chats.create(&account, create("lesson-42", None));
    let late = while_time_passes(&world, late).await;
    assert!(matches!(late, Err(CreateError::EventServiceUnavailable(_))), "{late:?}");
    let other = chats.create(&account, create("lesson-42", Some("{}")));
    let other = while_time_passes(&world, other).await;
    assert!(matches!(other, Err(CreateError::AlreadyExists(_))), "{other:?}");
}

/// A chat that someone reserved `now`, with a lease that outlives all who wait.
fn opening(now: Timestamp) -> Reservation {
    Reservation {
        id: Uuid::from_u128(7).into(),
        audience: school(),
        scope: "lesson-42".parse().unwrap(),
        tags: None,
        existing_room: None,
        asked_by: tutor(),
        created_at: now,
        lease_until: now.plus(4 * SETTINGS.deadline),
    }
}

/// Does the work until it waits for its deadline, and from then on.
async fn at_the_deadline<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    let time = async {
        clock.until_asleep(1).await;
        clock.advance(SETTINGS.deadline);
    };
    tokio::join!(work, time).0
}

/// Answers nothing, ever, but what it was told to say.
#[derive(Default)]
struct Silent {
    /// The chat that has the key which is asked for.
    chat: Option<Chat>,
}

#[async_trait]
impl AccessPolicy for Silent {
    async fn authorize(
        &self,
        _: &Account,
        _: &Audience,
        _: Object,
        _: Action,
    ) -> Result<(), AccessError> {
        pending().await
    }
}

#[async_trait]
impl ChatStore for Silent {
    async fn reserve(&self, _: &Reservation) -> Result<Reserved, StoreError> {
        match &self.chat {
            Some(chat) => Ok(Reserved::KeyTaken(chat.clone())),
            None => pending().await,
        }
    }

    async fn find(&self, _: ChatId) -> Result<Option<Chat>, StoreError> {
        pending().await
    }

    async fn find_by_key(&self, _: &Audience, _: &Scope) -> Result<Option<Chat>, StoreError> {
        pending().await
    }

    async fn take_over(
        &self,
        _: ChatId,
        _: Attempt,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        pending().await
    }

    async fn take_over_expired(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        pending().await
    }

    async fn confirm(
        &self,
        _: ChatId,
        _: Attempt,
        _: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        pending().await
    }

    async fn postpone(&self, _: ChatId, _: Attempt, _: Timestamp) -> Result<bool, StoreError> {
        pending().await
    }

    async fn release(&self, _: ChatId, _: Attempt) -> Result<bool, StoreError> {
        pending().await
    }
}
