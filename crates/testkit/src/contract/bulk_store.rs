//! The contract of [`BulkStore`], beside a [`ChatStore`] of the same chats.

use std::sync::Arc;

use chats_domain::chat::{Attempt, ChatState};
use chats_domain::ports::{
    Added, Batch, BulkStore, ChatIds, ChatStore, ReadyChat, Reservation, Reserved, StoreError,
};
use chats_domain::values::{EventRoomId, Tags, Timestamp};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::memory::RandomIds;

/// Stamps the contract of a bulk store.
///
/// It takes an expression that makes a future of a pair: a fresh, empty store in an [`Arc`], of a type that is
/// both a [`BulkStore`] and a [`ChatStore`], and whatever must live as long as it (`()` if nothing).
///
/// The invoking crate depends on tokio with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! bulk_store_contract {
    ($fresh_store:expr) => {
        $crate::stamp_contract!($fresh_store, $crate::contract::bulk_store, [
            chats_that_were_added_read_back_ready
            a_batch_without_chats_is_done
            a_thousand_chats_are_added_at_once
            of_each_chat_it_is_told_what_came_of_it
            the_same_batch_again_meets_its_own_chats
            a_room_is_taken_by_a_chat_that_is_opening_or_ready
            a_chat_that_is_opening_has_its_key
            an_identifier_that_is_taken_is_a_failure
            a_chat_that_was_added_never_changes
            an_added_key_and_an_added_room_are_taken_for_reservations
            of_many_equal_batches_each_chat_is_added_once
            batches_that_cross_each_other_all_end
            where_batches_and_reservations_meet_one_gets_the_key
        ]);
    };
}

/// A store to test.
pub trait Store: BulkStore + ChatStore + 'static {}

impl<S: BulkStore + ChatStore + 'static> Store for S {}

pub async fn chats_that_were_added_read_back_ready(store: Arc<impl Store>) {
    let with_tags = ReadyChat {
        tags: Some(Tags::parse(r#"{"n": 1234567890123456789012345678901234567890.0}"#).unwrap()),
        ..chat("a/b c+d%é 課題 🦀")
    };
    let chats = [with_tags, chat("NULL"), chat("{\"a\",\\b}"), chat(&"é".repeat(255))];
    assert_eq!(add(&*store, &chats).await, [const { Added::Made }; 4]);
    for chat in chats {
        let read = store.find(chat.id).await.unwrap().unwrap();
        assert_eq!(read, chat.to_chat());
        let as_written = |tags: Option<Tags>| tags.map(|tags| tags.as_json().to_owned());
        assert_eq!(as_written(read.tags), as_written(chat.tags));
        let by_key = store.find_by_key(&chat.audience, &chat.scope).await.unwrap().unwrap();
        assert_eq!(by_key.id, chat.id);
    }
}

pub async fn a_batch_without_chats_is_done(store: Arc<impl Store>) {
    assert_eq!(add(&*store, &[]).await, []);
}

pub async fn a_thousand_chats_are_added_at_once(store: Arc<impl Store>) {
    let chats = lessons(0..1_000);
    let added = add(&*store, &chats).await;
    assert_eq!(added.len(), 1_000);
    assert!(added.iter().all(|it| *it == Added::Made));
    let last = chats.last().unwrap();
    assert_eq!(store.find(last.id).await.unwrap(), Some(last.to_chat()));
}

pub async fn of_each_chat_it_is_told_what_came_of_it(store: Arc<impl Store>) {
    let [one, two] = [chat("lesson-1"), chat("lesson-2")];
    add(&*store, &[one.clone(), two.clone()]).await;

    let batch = [
        chat("lesson-4"),
        chat("lesson-1"),
        ReadyChat { event_room: one.event_room, ..chat("lesson-3") },
        // Both are taken, each by another chat.
        ReadyChat { event_room: two.event_room, ..chat("lesson-1b") },
        chat("lesson-2"),
        chat("lesson-0"),
    ];
    let added = add(&*store, &batch).await;
    let expected = [
        Added::Made,
        Added::KeyTaken(one.to_chat()),
        Added::RoomTaken,
        Added::RoomTaken,
        Added::KeyTaken(two.to_chat()),
        Added::Made,
    ];
    assert_eq!(added, expected);
    for refused in [&batch[1], &batch[2], &batch[3], &batch[4]] {
        assert_eq!(store.find(refused.id).await.unwrap(), None);
    }

    let both_are_taken = ReadyChat { event_room: two.event_room, ..chat("lesson-1") };
    assert_eq!(add(&*store, &[both_are_taken]).await, [Added::KeyTaken(one.to_chat())]);
}

pub async fn the_same_batch_again_meets_its_own_chats(store: Arc<impl Store>) {
    let chats = lessons(0..3);
    add(&*store, &chats[..2]).await;
    let expected =
        [Added::KeyTaken(chats[0].to_chat()), Added::KeyTaken(chats[1].to_chat()), Added::Made];
    assert_eq!(add(&*store, &chats).await, expected);
}

pub async fn a_room_is_taken_by_a_chat_that_is_opening_or_ready(store: Arc<impl Store>) {
    let room = a_room();
    let converted = Reservation { existing_room: Some(room), ..reservation("lesson-1") };
    store.reserve(&converted).await.unwrap();
    let wanted = ReadyChat { event_room: room, ..chat("lesson-2") };
    assert_eq!(add(&*store, std::slice::from_ref(&wanted)).await, [Added::RoomTaken]);

    store.confirm(converted.id, Attempt::FIRST, room).await.unwrap();
    assert_eq!(add(&*store, &[wanted]).await, [Added::RoomTaken]);
}

pub async fn a_chat_that_is_opening_has_its_key(store: Arc<impl Store>) {
    let opening = reservation("lesson-1");
    store.reserve(&opening).await.unwrap();
    let wanted = chat("lesson-1");
    let met = add(&*store, std::slice::from_ref(&wanted)).await;
    assert_eq!(met, [Added::KeyTaken(opening.to_chat())]);

    store.release(opening.id, Attempt::FIRST).await.unwrap();
    assert_eq!(add(&*store, &[wanted]).await, [Added::Made]);
}

pub async fn an_identifier_that_is_taken_is_a_failure(store: Arc<impl Store>) {
    let there = chat("lesson-1");
    add(&*store, std::slice::from_ref(&there)).await;
    let added = store.add(&batch(&[ReadyChat { id: there.id, ..chat("lesson-2") }])).await;
    assert!(matches!(added, Err(StoreError::Failed(_))), "{added:?}");
}

pub async fn a_chat_that_was_added_never_changes(store: Arc<impl Store>) {
    let chat = chat("lesson-1");
    add(&*store, std::slice::from_ref(&chat)).await;
    let long_after = START.plus(std::time::Duration::from_hours(24));
    assert_eq!(store.take_over_expired(long_after, long_after, 10).await.unwrap(), []);
    assert!(!store.release(chat.id, Attempt::FIRST).await.unwrap());
    store.confirm(chat.id, Attempt::FIRST, a_room()).await.unwrap();
    assert_eq!(store.find(chat.id).await.unwrap(), Some(chat.to_chat()));
}

pub async fn an_added_key_and_an_added_room_are_taken_for_reservations(store: Arc<impl Store>) {
    let chat = chat("lesson-1");
    add(&*store, std::slice::from_ref(&chat)).await;
    let met = store.reserve(&reservation("lesson-1")).await.unwrap();
    assert_eq!(met, Reserved::KeyTaken(chat.to_chat()));
    let of_room = Reservation { existing_room: Some(chat.event_room), ..reservation("lesson-2") };
    assert_eq!(store.reserve(&of_room).await.unwrap(), Reserved::RoomTaken);
}

pub async fn of_many_equal_batches_each_chat_is_added_once(store: Arc<impl Store>) {
    let rivals: Vec<Vec<_>> = (0..8)
        .map(|rival| {
            let mut chats = lessons(0..200);
            // Each comes from another side.
            chats.rotate_left(rival * 25);
            chats
        })
        .collect();
    let added = add_at_once(&store, rivals).await;
    let made = added.iter().flatten().filter(|(_, added)| *added == Added::Made);
    assert_eq!(made.count(), 200);
    for (chat, added) in added.iter().flatten() {
        let there = store.find_by_key(&chat.audience, &chat.scope).await.unwrap().unwrap();
        match added {
            Added::Made => assert_eq!(there, chat.to_chat()),
            other => assert_eq!(*other, Added::KeyTaken(there)),
        }
    }
}

/// Each wants the rooms of the others for its own keys, in the opposite order.
pub async fn batches_that_cross_each_other_all_end(store: Arc<impl Store>) {
    let rooms: Vec<_> = (0..50).map(|_| a_room()).collect();
    let of_rooms = |prefix: &str, rooms: &mut dyn Iterator<Item = &EventRoomId>| {
        let chats = rooms.enumerate().map(|(number, room)| ReadyChat {
            event_room: *room,
            ..chat(&format!("{prefix}-{number:03}"))
        });
        chats.collect::<Vec<_>>()
    };
    let rivals =
        vec![of_rooms("one", &mut rooms.iter()), of_rooms("other", &mut rooms.iter().rev())];
    let added = add_at_once(&store, rivals).await;
    let made = added.iter().flatten().filter(|(_, added)| *added == Added::Made);
    assert_eq!(made.count(), 50);
    let refused = added.iter().flatten().filter(|(_, added)| *added == Added::RoomTaken);
    assert_eq!(refused.count(), 50);
}

pub async fn where_batches_and_reservations_meet_one_gets_the_key(store: Arc<impl Store>) {
    let reservations: Vec<_> = (0..40).map(|n| reservation(&format!("lesson-{n}"))).collect();
    let mut reserving = JoinSet::new();
    for reservation in reservations.clone() {
        let store = Arc::clone(&store);
        reserving.spawn(async move { store.reserve(&reservation).await.unwrap() });
    }
    let added = add(&*store, &lessons(0..40)).await;
    let reserved = reserving.join_all().await;

    let made = added.iter().filter(|it| **it == Added::Made).count();
    let reserved = reserved.iter().filter(|it| **it == Reserved::Made).count();
    assert_eq!(made + reserved, 40);
    for reservation in reservations {
        let chat = store.find_by_key(&reservation.audience, &reservation.scope).await.unwrap();
        let chat = chat.unwrap();
        let is_opening = matches!(chat.state, ChatState::Opening(_));
        assert_eq!(is_opening, chat.id == reservation.id);
    }
}

/// A moment that the tests count from.
const START: Timestamp = Timestamp::from_unix_micros(1_732_281_600_123_456);

fn chat(scope: &str) -> ReadyChat {
    ReadyChat {
        id: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        scope: scope.parse().unwrap(),
        tags: None,
        event_room: a_room(),
        asked_by: "chats.svc.example.org".parse().unwrap(),
        created_at: START,
    }
}

fn lessons(numbers: std::ops::Range<u32>) -> Vec<ReadyChat> {
    numbers.map(|number| chat(&format!("lesson-{number}"))).collect()
}

fn reservation(scope: &str) -> Reservation {
    let ReadyChat { id, audience, scope, tags, asked_by, created_at, .. } = chat(scope);
    let lease_until = created_at;
    Reservation {
        id,
        audience,
        scope,
        tags,
        existing_room: None,
        asked_by,
        created_at,
        lease_until,
    }
}

fn a_room() -> EventRoomId {
    Uuid::new_v4().into()
}

/// Adds chats of which no two have something in common.
async fn add(store: &impl Store, chats: &[ReadyChat]) -> Vec<Added> {
    store.add(&batch(chats)).await.unwrap()
}

fn batch(chats: &[ReadyChat]) -> Batch {
    let mut rest = chats.iter().cloned().peekable();
    let batch = Batch::take_from(&mut rest);
    assert_eq!(rest.next(), None);
    batch
}

/// Adds batches, all at the same time, each until it is done. Returns what came of each chat.
async fn add_at_once(
    store: &Arc<impl Store>,
    batches: Vec<Vec<ReadyChat>>,
) -> Vec<Vec<(ReadyChat, Added)>> {
    let barrier = Arc::new(Barrier::new(batches.len()));
    let mut adding = JoinSet::new();
    for chats in batches {
        let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
        adding.spawn(async move {
            let batch = batch(&chats);
            barrier.wait().await;
            // Of those that stand in each other's way one may have to fail.
            let added = loop {
                match store.add(&batch).await {
                    Ok(added) => break added,
                    Err(StoreError::Unavailable(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            };
            chats.into_iter().zip(added).collect()
        });
    }
    adding.join_all().await
}
