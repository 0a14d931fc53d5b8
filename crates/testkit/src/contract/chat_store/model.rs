//! A long random story, told to a store and to the one in memory: both must answer the same.

use std::fmt::Debug;
use std::sync::Arc;

use chats_domain::chat::{Attempt, ChatState};
use chats_domain::ports::{ChatIds, ChatStore, Reservation, StoreError};
use chats_domain::values::{ChatId, EventRoomId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::{later, reservation};
use crate::memory::{MemoryStore, RandomIds};

/// A call about the chat of a key. Keys, rooms and times are few, so that calls meet.
#[derive(Debug, Clone, Copy)]
struct Call {
    key: u8,
    /// Whether the caller was overtaken.
    late: bool,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Reserve { existing_room: Option<u8>, lease: u8 },
    TakeOver { now: u8, lease: u8 },
    Confirm { room: u8 },
    Postpone { lease: u8 },
    Release,
}

/// A store does what the store in memory does, call for call.
///
/// It is not stamped with the rest of the suite: the store in memory would be compared with itself.
pub async fn any_story_ends_as_it_does_in_memory(store: Arc<dyn ChatStore>) {
    let model = MemoryStore::default();
    for (number, call) in a_story(800).into_iter().enumerate() {
        let reservation = reservation("school.example.org", &format!("lesson-{}", call.key));
        let about = whom_it_is_about(&model, &reservation, call.late).await;
        let told = tell(&*store, call.what, about, &reservation).await;
        let expected = tell(&model, call.what, about, &reservation).await;
        assert_eq!(told, expected, "call {number}: {call:?}");
    }
    for chat in model.all() {
        assert_eq!(store.find(chat.id).await.unwrap(), Some(chat));
    }
}

/// The same story each time, so that a failure can be looked into.
fn a_story(calls: usize) -> Vec<Call> {
    let (lease, now) = (0..6_u8, 0..6_u8);
    let what = prop_oneof![
        3 => (prop::option::of(0..20_u8), lease.clone())
            .prop_map(|(existing_room, lease)| What::Reserve { existing_room, lease }),
        3 => (now, lease.clone()).prop_map(|(now, lease)| What::TakeOver { now, lease }),
        1 => (0..60_u8).prop_map(|room| What::Confirm { room }),
        2 => lease.prop_map(|lease| What::Postpone { lease }),
        1 => Just(What::Release),
    ];
    let call = (0..40_u8, prop::bool::weighted(0.2), what).prop_map(|(key, late, what)| Call {
        key,
        late,
        what,
    });
    let story = prop::collection::vec(call, calls);
    story.new_tree(&mut TestRunner::deterministic()).unwrap().current()
}

/// The chat that has the key, or else one that is not there, and the attempt that the caller is at.
async fn whom_it_is_about(model: &MemoryStore, key: &Reservation, late: bool) -> (ChatId, Attempt) {
    let Some(chat) = model.find_by_key(&key.audience, &key.scope).await.unwrap() else {
        return (RandomIds.next(), Attempt::FIRST);
    };
    let attempt = match chat.state {
        ChatState::Opening(opening) => opening.attempt,
        ChatState::Ready(_) => Attempt::FIRST,
    };
    let number = attempt.number() - u32::from(late);
    (chat.id, Attempt::from_number(number))
}

/// Makes the call, and returns the answer as text, so that all answers can be compared in one place.
async fn tell(
    store: &dyn ChatStore,
    what: What,
    (id, attempt): (ChatId, Attempt),
    reservation: &Reservation,
) -> String {
    let seconds = |seconds: u8| later(seconds.into());
    match what {
        What::Reserve { existing_room, lease } => {
            let reservation = Reservation {
                existing_room: existing_room.map(room),
                lease_until: seconds(lease),
                ..reservation.clone()
            };
            answer(store.reserve(&reservation).await)
        }
        What::TakeOver { now, lease } => {
            answer(store.take_over(id, attempt, seconds(now), seconds(lease)).await)
        }
        What::Confirm { room: number } => answer(store.confirm(id, attempt, room(number)).await),
        What::Postpone { lease } => answer(store.postpone(id, attempt, seconds(lease)).await),
        What::Release => answer(store.release(id, attempt).await),
    }
}

fn answer(result: Result<impl Debug, StoreError>) -> String {
    format!("{:?}", result.unwrap())
}

fn room(number: u8) -> EventRoomId {
    Uuid::from_u128(number.into()).into()
}
