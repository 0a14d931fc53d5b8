//! Chats that were made elsewhere move in.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod common;

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::chat::Chat;
use chats_domain::ports::{
    Added, BulkStore, Clock, MockBulkStore, MockChatIds, MockClock, StoreError,
};
use chats_domain::use_cases::{ImportChat, Imported, Importer, Refusal};
use chats_domain::values::{EventRoomId, Tags, Timestamp};
use chats_testkit::memory::{Answer, ManualClock, MemoryStore, RandomIds};
use common::{World, school};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
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
async fn chats_that_are_too_many_for_the_store_at_once_are_added_in_parts() {
    for most in [1, 30] {
        let memory = Arc::new(MemoryStore::default());
        let mut store = MockBulkStore::new();
        let kept = memory.clone();
        store.expect_add().returning(move |batch| {
            let is_too_much = batch.chats().len() > most;
            let slow = || StoreError::Unavailable("it takes too long".into());
            if is_too_much { Err(slow()) } else { futures_executor::block_on(kept.add(batch)) }
        });
        let importer = Importer { clock: hurried(), ..importer(Arc::new(store), &Arc::default()) };
        let chats: Vec<_> = (0..1_000).map(|n| chat(&format!("lesson-{n}"), a_room())).collect();
        let outcomes = importer.import(chats.clone()).await.unwrap();
        assert_eq!(outcomes.len(), 1_000);
        let stored: HashMap<_, _> =
            memory.all().into_iter().map(|it| (it.scope, Imported::Added(it.id))).collect();
        for (chat, outcome) in chats.iter().zip(outcomes) {
            assert_eq!(stored.get(&chat.scope), Some(&outcome));
        }
    }
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

/// What becomes of a call of the store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    /// It is done, and nobody hears of it.
    AnswerLost,
    NotDone,
}

proptest! {
    #[test]
    fn however_chats_are_split_and_the_store_fails_the_same_comes_of_them(
        chats in vec((0..5_u8, 0..5_u8, 0..2_u8), 0..20),
        sizes in vec(1..8_usize, 20),
        // As many as fail in a row are the end of an import.
        fates in vec(select(&[Fate::Answered, Fate::AnswerLost, Fate::NotDone]), 0..11),
    ) {
        let chats: Vec<_> = chats.into_iter().map(|(scope, room, tag)| ImportChat {
            tags: Some(tags(&format!("{{\"n\":{tag}}}"))),
            ..chat(&scope.to_string(), Uuid::from_u128(room.into()).into())
        }).collect();
        let mut rest = chats.as_slice();
        let split = sizes.iter().map(|size| {
            let (part, others) = rest.split_at(rest.len().min(*size));
            rest = others;
            part
        });
        let split = import_parts(split, fates);
        prop_assert_eq!(split, import_parts(chats.chunks(1), Vec::new()));
    }
}

/// Imports one part after the other. Returns what came of each chat, and what is stored in the end.
///
/// The chat of a line has the line's number as its identifier.
fn import_parts<'a>(
    parts: impl Iterator<Item = &'a [ImportChat]>,
    fates: Vec<Fate>,
) -> (Vec<Imported>, Vec<Chat>) {
    let memory = Arc::new(MemoryStore::default());
    let (kept, mut fates) = (memory.clone(), fates.into_iter());
    let mut store = MockBulkStore::new();
    store.expect_add().returning(move |batch| {
        let fate = fates.next().unwrap_or(Fate::Answered);
        let cut_off = || StoreError::Unavailable("cut off".into());
        if fate == Fate::NotDone {
            return Err(cut_off());
        }
        let added = futures_executor::block_on(kept.add(batch));
        if fate == Fate::Answered { added } else { Err(cut_off()) }
    });
    let mut numbers = 1..;
    let mut ids = MockChatIds::new();
    ids.expect_next().returning(move || Uuid::from_u128(numbers.next().unwrap()).into());
    let importer = importer(Arc::new(store), &Arc::default());
    let importer = Importer { clock: hurried(), ids: Arc::new(ids), ..importer };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut outcomes = Vec::new();
    for part in parts {
        outcomes.extend(runtime.block_on(importer.import(part.to_vec())).unwrap());
    }
    let mut stored = memory.all();
    stored.sort_by_key(|chat| chat.id.as_uuid());
    (outcomes, stored)
}

/// A clock by which no pause takes any time.
fn hurried() -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    clock.expect_sleep().returning(|_| Box::pin(ready(())));
    Arc::new(clock)
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
