//! The contract of [`EventRooms`].

use std::sync::Arc;

use chats_domain::ports::{ChatIds, EventRoom, EventRooms, EventRoomsError, NewEventRoom};
use chats_domain::values::{EventRoomId, Timestamp};
use uuid::Uuid;

use crate::memory::RandomIds;

/// Stamps the contract of the event service's rooms.
///
/// It takes an expression that makes a future of a pair: the adapter as `Arc<dyn EventRooms>`, in
/// front of an event service that honours the `Idempotency-Key`, and whatever must live as long as it
/// (that service, say; `()` if nothing).
///
/// The invoking crate depends on tokio with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! event_rooms_contract {
    ($fresh_rooms:expr) => {
        $crate::stamp_contract!($fresh_rooms, $crate::contract::event_rooms, [
            an_opened_room_is_found_with_its_audience_and_its_chat
            opening_again_for_a_chat_gives_the_same_room
            each_chat_gets_its_own_room
            a_room_that_is_not_there_is_none
            a_bound_room_is_found_with_its_chat
            a_binding_may_be_repeated_and_replaced
            a_room_that_is_not_there_cannot_be_bound
        ]);
    };
}

pub async fn an_opened_room_is_found_with_its_audience_and_its_chat(rooms: Arc<dyn EventRooms>) {
    for audience in ["school.example.org", "college.example.org"] {
        let wanted = a_new_room(audience);
        let room = rooms.open(&wanted).await.unwrap();
        let expected = EventRoom { audience: wanted.audience, bound_to: Some(wanted.chat) };
        assert_eq!(rooms.find(room).await.unwrap(), Some(expected));
    }
}

pub async fn opening_again_for_a_chat_gives_the_same_room(rooms: Arc<dyn EventRooms>) {
    let wanted = a_new_room("school.example.org");
    let room = rooms.open(&wanted).await.unwrap();
    for _ in 0..3 {
        assert_eq!(rooms.open(&wanted).await.unwrap(), room);
    }
}

pub async fn each_chat_gets_its_own_room(rooms: Arc<dyn EventRooms>) {
    let one = rooms.open(&a_new_room("school.example.org")).await.unwrap();
    let other = rooms.open(&a_new_room("school.example.org")).await.unwrap();
    assert_ne!(one, other);
}

pub async fn a_room_that_is_not_there_is_none(rooms: Arc<dyn EventRooms>) {
    assert_eq!(rooms.find(no_room()).await.unwrap(), None);
}

pub async fn a_bound_room_is_found_with_its_chat(rooms: Arc<dyn EventRooms>) {
    let wanted = a_new_room("school.example.org");
    let room = rooms.open(&wanted).await.unwrap();
    let another = rooms.open(&a_new_room("school.example.org")).await.unwrap();
    let another_before = rooms.find(another).await.unwrap();

    let chat = RandomIds.next();
    rooms.bind(room, chat).await.unwrap();
    let expected = EventRoom { audience: wanted.audience, bound_to: Some(chat) };
    assert_eq!(rooms.find(room).await.unwrap(), Some(expected));
    assert_eq!(rooms.find(another).await.unwrap(), another_before);
}

pub async fn a_binding_may_be_repeated_and_replaced(rooms: Arc<dyn EventRooms>) {
    let room = rooms.open(&a_new_room("school.example.org")).await.unwrap();
    let (one, other) = (RandomIds.next(), RandomIds.next());
    for chat in [one, one, other, one] {
        rooms.bind(room, chat).await.unwrap();
        let found = rooms.find(room).await.unwrap().unwrap();
        assert_eq!(found.bound_to, Some(chat));
    }
}

pub async fn a_room_that_is_not_there_cannot_be_bound(rooms: Arc<dyn EventRooms>) {
    let room = no_room();
    let refused = rooms.bind(room, RandomIds.next()).await;
    assert!(matches!(refused, Err(EventRoomsError::Refused(_))), "{refused:?}");
    assert_eq!(rooms.find(room).await.unwrap(), None);
}

fn a_new_room(audience: &str) -> NewEventRoom {
    NewEventRoom {
        chat: RandomIds.next(),
        audience: audience.parse().unwrap(),
        opens_at: Timestamp::from_unix_micros(1_732_281_600_123_456),
    }
}

fn no_room() -> EventRoomId {
    Uuid::new_v4().into()
}
