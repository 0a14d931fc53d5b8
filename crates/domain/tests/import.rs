//! Chats that were made elsewhere move in.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{Added, BulkStore, Clock, MockBulkStore, StoreError};
use chats_domain::use_cases::{ImportChat, Imported, Importer, Refusal};
use chats_domain::values::{EventRoomId, Tags, Timestamp};
use chats_testkit::memory::{Answer, ManualClock, RandomIds};
use common::{World, school};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_is_ready_as_it_was_elsewhere() {
    let world = World::new();
    let chat = ImportChat { tags: Some(tags(r#"{"n": 1.0}"#)), ..chat("lesson-42", a_room()) };
    let imported = import(&world, [chat.clone()]).await;
    let stored = world.stored("lesson-42").unwrap();
    assert_eq!(imported, [Imported::Added(stored.id)]);
    assert_eq!(stored.event_room(), Some(chat.event_room));
    assert_eq!((stored.tags, stored.created_at), (chat.tags, chat.created_at));
}

#[tokio::test]
async fn chats_that_were_imported_before_are_already_there() {
    let world = World::new();
    let chats = ["lesson-1", "lesson-2"].map(|scope| chat(scope, a_room()));
    import(&world, [chats[0].clone()]).await;
    let before = world.stored("lesson-1").unwrap();

    let imported = import(&world, chats).await;
    let other = world.stored("lesson-2").unwrap();
    assert_eq!(imported, [Imported::AlreadyThere(before.id), Imported::Added(other.id)]);
    assert_eq!(world.stored("lesson-1"), Some(before));
}

#[tokio::test]
async fn a_key_whose_chat_says_something_else_is_refused() {
    let world = World::new();
    let there = chat("lesson-42", a_room());
    import(&world, [there.clone()]).await;
    let stored = world.stored("lesson-42").unwrap();
    for other in [
        ImportChat { event_room: a_room(), ..there.clone() },
        ImportChat { tags: Some(tags("{}")), ..there },
    ] {
        let imported = import(&world, [other]).await;
        assert_eq!(imported, [Imported::Refused(Refusal::AlreadyExists(stored.id))]);
    }
    assert_eq!(world.stored("lesson-42"), Some(stored));
}

#[tokio::test]
async fn a_key_whose_chat_is_opening_is_refused() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownAndNotDone]);
    assert!(world.create("lesson-42", None).await.is_err());
    let opening = world.stored("lesson-42").unwrap();
    let imported = import(&world, [chat("lesson-42", a_room())]).await;
    assert_eq!(imported, [Imported::Refused(Refusal::StillOpening(opening.id))]);
}

#[tokio::test]
async fn a_room_that_carries_another_chat_is_refused() {
    let world = World::new();
    let room = a_room();
    import(&world, [chat("lesson-1", room)]).await;
    let imported = import(&world, [chat("lesson-2", room)]).await;
    assert_eq!(imported, [Imported::Refused(Refusal::EventRoomTaken)]);
    assert_eq!(world.stored("lesson-2"), None);
}

#[tokio::test]
async fn of_chats_with_something_in_common_the_first_counts() {
    let world = World::new();
    let first = chat("lesson-1", a_room());
    let last = chat("lesson-3", a_room());
    let imported = import(
        &world,
        [
            first.clone(),
            first.clone(),
            chat("lesson-1", a_room()),
            chat("lesson-2", first.event_room),
            last,
        ],
    )
    .await;
    let [first, last] = ["lesson-1", "lesson-3"].map(|scope| world.stored(scope).unwrap().id);
    let expected = [
        Imported::Added(first),
        Imported::AlreadyThere(first),
        Imported::Refused(Refusal::AlreadyExists(first)),
        Imported::Refused(Refusal::EventRoomTaken),
        Imported::Added(last),
    ];
    assert_eq!(imported, expected);
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_again_and_what_it_did_unheard_counts() {
    let world = World::new();
    let memory = world.store.clone();
    let mut store = MockBulkStore::new();
    // The first call gets there, and its answer does not come back.
    store.expect_add().once().returning(move |batch| {
        futures_executor::block_on(memory.add(batch)).unwrap();
        Err(StoreError::Unavailable("cut off".into()))
    });
    let memory = world.store.clone();
    store.expect_add().once().returning(move |batch| futures_executor::block_on(memory.add(batch)));

    let importer = importer(Arc::new(store), &world.clock);
    let importing = tokio::spawn(async move { importer.import(vec![chat("a", a_room())]).await });
    world.clock.until_asleep(1).await;
    world.clock.advance(Duration::from_millis(100));
    let outcomes = importing.await.unwrap().unwrap();
    assert_eq!(outcomes, [Imported::Added(world.stored("a").unwrap().id)]);
}

#[tokio::test]
async fn a_store_that_stays_away_is_given_up_after_half_a_minute() {
    let clock = Arc::new(ManualClock::default());
    let mut store = MockBulkStore::new();
    store.expect_add().returning(|_| Err(StoreError::Unavailable("away".into())));
    let importer = importer(Arc::new(store), &clock);
    let start = clock.now();
    let importing = tokio::spawn(async move { importer.import(vec![chat("a", a_room())]).await });
    while !importing.is_finished() {
        clock.advance(Duration::from_millis(10));
        tokio::task::yield_now().await;
    }
    assert!(matches!(importing.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(clock.now().since(start) >= Duration::from_secs(30));
}

#[tokio::test]
async fn a_store_that_fails_is_not_asked_again() {
    let mut store = MockBulkStore::new();
    store.expect_add().once().returning(|_| Err(StoreError::Failed("broken".into())));
    let importer = importer(Arc::new(store), &Arc::default());
    let outcome = importer.import(vec![chat("a", a_room())]).await;
    assert!(matches!(outcome, Err(StoreError::Failed(_))));
}

#[tokio::test]
async fn where_nothing_is_taken_one_call_is_enough() {
    let mut store = MockBulkStore::new();
    store.expect_add().once().returning(|batch| Ok(vec![Added::Made; batch.chats().len()]));
    let chats = (0..100).map(|n| chat(&format!("lesson-{n}"), a_room())).collect();
    let imported = importer(Arc::new(store), &Arc::default()).import(chats).await.unwrap();
    assert_eq!(imported.len(), 100);
}

async fn import(world: &World, chats: impl Into<Vec<ImportChat>>) -> Vec<Imported> {
    importer(world.store.clone(), &world.clock).import(chats.into()).await.unwrap()
}

fn importer(store: Arc<dyn BulkStore>, clock: &Arc<ManualClock>) -> Importer {
    let asked_by = "chats.svc.example.org".parse().unwrap();
    Importer { store, clock: clock.clone(), ids: Arc::new(RandomIds), asked_by }
}

fn chat(scope: &str, event_room: EventRoomId) -> ImportChat {
    let created_at = Timestamp::from_unix_seconds(1_500_000_000).unwrap();
    ImportChat {
        audience: school(),
        scope: scope.parse().unwrap(),
        tags: None,
        event_room,
        created_at,
    }
}

fn a_room() -> EventRoomId {
    Uuid::new_v4().into()
}

fn tags(text: &str) -> Tags {
    Tags::parse(text).unwrap()
}
