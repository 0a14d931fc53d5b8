//! Only the attempt that a chat is at changes it, and nothing changes a chat that is ready.

use std::sync::Arc;

use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved};
use chats_domain::values::ChatId;

use super::{a_room, later, reservation, reservation_of_room};

const FIRST: Attempt = Attempt::FIRST;

pub async fn a_lease_that_has_run_out_is_taken_over(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let chat = reservation_of_room("school.example.org", "lesson-1", room);
    store.reserve(&chat).await.unwrap();
    let before = find(&*store, chat.id).await;

    let second = store.take_over(chat.id, FIRST, later(1), later(5)).await;
    assert_eq!(second.unwrap(), Some(FIRST.next()));
    let third = store.take_over(chat.id, FIRST.next(), later(7), later(9)).await;
    assert_eq!(third.unwrap(), Some(FIRST.next().next()));

    let expected = Chat {
        state: ChatState::Opening(Opening {
            existing_room: Some(room),
            attempt: FIRST.next().next(),
            lease_until: later(9),
        }),
        ..before
    };
    assert_eq!(find(&*store, chat.id).await, expected);
}

pub async fn a_lease_that_lasts_is_not_taken_over(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    let before = find(&*store, chat.id).await;
    let taken = store.take_over(chat.id, FIRST, later(0), later(5)).await;
    assert_eq!(taken.unwrap(), None);
    assert_eq!(find(&*store, chat.id).await, before);
}

pub async fn only_the_attempt_that_was_seen_is_taken_over(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    let second = store.take_over(chat.id, FIRST, later(1), later(2)).await;
    assert_eq!(second.unwrap(), Some(FIRST.next()));
    let before = find(&*store, chat.id).await;

    for seen in [0, 1, 3, u32::MAX].map(Attempt::from_number) {
        let taken = store.take_over(chat.id, seen, later(9), later(10)).await;
        assert_eq!(taken.unwrap(), None, "{seen:?}");
    }
    assert_eq!(find(&*store, chat.id).await, before);
}

pub async fn a_ready_chat_is_not_taken_over(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    store.confirm(chat.id, FIRST, a_room()).await.unwrap();
    let before = find(&*store, chat.id).await;
    let taken = store.take_over(chat.id, FIRST, later(9), later(10)).await;
    assert_eq!(taken.unwrap(), None);
    assert_eq!(find(&*store, chat.id).await, before);
}

pub async fn chats_whose_lease_has_run_out_are_taken_over_the_oldest_first(
    store: Arc<dyn ChatStore>,
) {
    let mut chats = Vec::new();
    for lease in [3, 1, 2, 9] {
        let chat = Reservation {
            lease_until: later(lease),
            ..reservation("school.example.org", &format!("lesson-{lease}"))
        };
        store.reserve(&chat).await.unwrap();
        chats.push(chat);
    }
    let room = a_room();
    let converted = Reservation {
        lease_until: later(0),
        ..reservation_of_room("school.example.org", "lesson-0", room)
    };
    store.reserve(&converted).await.unwrap();
    let ready = reserved(&*store, "ready").await;
    store.confirm(ready.id, FIRST, a_room()).await.unwrap();

    let first = store.take_over_expired(later(3), later(20), 3).await.unwrap();
    let mut scopes: Vec<_> = first.iter().map(|chat| chat.scope.as_str()).collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["lesson-0", "lesson-1", "lesson-2"]);
    for chat in first {
        let opening = Opening {
            existing_room: (chat.id == converted.id).then_some(room),
            attempt: FIRST.next(),
            lease_until: later(20),
        };
        assert_eq!(chat.state, ChatState::Opening(opening));
        assert_eq!(find(&*store, chat.id).await, chat);
    }
    let rest = store.take_over_expired(later(3), later(20), 3).await.unwrap();
    assert_eq!(rest.iter().map(|chat| chat.id).collect::<Vec<_>>(), [chats[0].id]);
    assert_eq!(store.take_over_expired(later(3), later(20), 3).await.unwrap(), []);
    assert_eq!(find(&*store, chats[3].id).await, chats[3].to_chat());
}

pub async fn a_confirmed_chat_is_ready_with_its_room(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    let before = find(&*store, chat.id).await;
    let room = a_room();
    // Whether the lease has run out does not count, as long as nobody took over.
    let confirmed = store.confirm(chat.id, FIRST, room).await.unwrap();
    assert_eq!(confirmed, Confirmed::Ready);

    let expected = Chat { state: ChatState::Ready(room), ..before };
    assert_eq!(find(&*store, chat.id).await, expected);
    let by_key = store.find_by_key(&chat.audience, &chat.scope).await;
    assert_eq!(by_key.unwrap(), Some(expected));
}

pub async fn a_chat_may_be_confirmed_with_its_existing_room(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let chat = reservation_of_room("school.example.org", "lesson-1", room);
    store.reserve(&chat).await.unwrap();
    let confirmed = store.confirm(chat.id, FIRST, room).await.unwrap();
    assert_eq!(confirmed, Confirmed::Ready);
    assert_eq!(find(&*store, chat.id).await.event_room(), Some(room));
}

pub async fn an_attempt_that_was_overtaken_changes_nothing(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    let second = store.take_over(chat.id, FIRST, later(1), later(5)).await;
    assert_eq!(second.unwrap(), Some(FIRST.next()));
    let before = find(&*store, chat.id).await;

    for attempt in [0, 1, 3, u32::MAX].map(Attempt::from_number) {
        let confirmed = store.confirm(chat.id, attempt, a_room()).await.unwrap();
        assert_eq!(confirmed, Confirmed::Overtaken, "{attempt:?}");
        assert!(!store.postpone(chat.id, attempt, later(9)).await.unwrap());
        assert!(!store.release(chat.id, attempt).await.unwrap());
    }
    assert_eq!(find(&*store, chat.id).await, before);

    let confirmed = store.confirm(chat.id, FIRST.next(), a_room()).await;
    assert_eq!(confirmed.unwrap(), Confirmed::Ready);
}

pub async fn a_ready_chat_never_changes(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    let room = a_room();
    store.confirm(chat.id, FIRST, room).await.unwrap();
    let ready = find(&*store, chat.id).await;

    for room in [room, a_room()] {
        let again = store.confirm(chat.id, FIRST, room).await.unwrap();
        assert_eq!(again, Confirmed::Overtaken);
    }
    assert!(!store.postpone(chat.id, FIRST, later(9)).await.unwrap());
    assert!(!store.release(chat.id, FIRST).await.unwrap());
    assert_eq!(find(&*store, chat.id).await, ready);
}

pub async fn a_room_of_another_chat_is_not_confirmed(store: Arc<dyn ChatStore>) {
    let (of_opening, of_ready) = (a_room(), a_room());
    let opening = reservation_of_room("school.example.org", "lesson-1", of_opening);
    store.reserve(&opening).await.unwrap();
    let ready = reserved(&*store, "lesson-2").await;
    store.confirm(ready.id, FIRST, of_ready).await.unwrap();

    let chat = reserved(&*store, "lesson-3").await;
    let before = find(&*store, chat.id).await;
    for room in [of_opening, of_ready] {
        let confirmed = store.confirm(chat.id, FIRST, room).await.unwrap();
        assert_eq!(confirmed, Confirmed::RoomTaken);
        assert_eq!(find(&*store, chat.id).await, before);
    }
    // Whoever was overtaken is told that, be the room taken or not.
    let confirmed = store.confirm(chat.id, FIRST.next(), of_ready).await;
    assert_eq!(confirmed.unwrap(), Confirmed::Overtaken);
}

pub async fn a_postponed_lease_ends_then(store: Arc<dyn ChatStore>) {
    let chat = reserved(&*store, "lesson-1").await;
    // Later or sooner, both go.
    for (end, too_early) in [(later(60), later(59)), (later(-60), later(-61))] {
        assert!(store.postpone(chat.id, FIRST, end).await.unwrap());
        let state = find(&*store, chat.id).await.state;
        let expected = Opening { existing_room: None, attempt: FIRST, lease_until: end };
        assert_eq!(state, ChatState::Opening(expected));
        let taken = store.take_over(chat.id, FIRST, too_early, later(90)).await;
        assert_eq!(taken.unwrap(), None);
    }
    let taken = store.take_over(chat.id, FIRST, later(-60), later(90)).await;
    assert_eq!(taken.unwrap(), Some(FIRST.next()));
}

pub async fn a_released_chat_gives_its_key_and_its_room_free(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let chat = reservation_of_room("school.example.org", "lesson-1", room);
    store.reserve(&chat).await.unwrap();
    assert!(store.release(chat.id, FIRST).await.unwrap());

    assert_eq!(store.find(chat.id).await.unwrap(), None);
    let by_key = store.find_by_key(&chat.audience, &chat.scope).await;
    assert_eq!(by_key.unwrap(), None);
    assert!(!store.release(chat.id, FIRST).await.unwrap());

    let again = reservation_of_room("school.example.org", "lesson-1", room);
    assert_eq!(store.reserve(&again).await.unwrap(), Reserved::Made);
}

pub async fn a_chat_that_is_not_there_is_not_changed(store: Arc<dyn ChatStore>) {
    let absent = reservation("school.example.org", "lesson-1").id;
    let taken = store.take_over(absent, FIRST, later(9), later(10)).await;
    assert_eq!(taken.unwrap(), None);
    let confirmed = store.confirm(absent, FIRST, a_room()).await.unwrap();
    assert_eq!(confirmed, Confirmed::Overtaken);
    assert!(!store.postpone(absent, FIRST, later(9)).await.unwrap());
    assert!(!store.release(absent, FIRST).await.unwrap());
    assert_eq!(store.find(absent).await.unwrap(), None);
}

async fn reserved(store: &dyn ChatStore, scope: &str) -> Reservation {
    let reservation = reservation("school.example.org", scope);
    assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
    reservation
}

async fn find(store: &dyn ChatStore, id: ChatId) -> Chat {
    store.find(id).await.unwrap().unwrap()
}
