//! One chat for an (audience, scope), and one for a room.

use std::sync::Arc;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved};
use chats_domain::values::{Audience, Tags};

use super::{a_room, later, reservation, reservation_of_room};

pub async fn a_taken_key_shows_the_chat_that_has_it(store: Arc<dyn ChatStore>) {
    let first = Reservation {
        tags: Some(Tags::parse(r#"{"grade":7}"#).unwrap()),
        ..reservation("school.example.org", "lesson-1")
    };
    let second = Reservation {
        existing_room: Some(a_room()),
        created_at: later(5),
        lease_until: later(6),
        ..reservation("school.example.org", "lesson-1")
    };
    store.reserve(&first).await.unwrap();

    let opening = store.find(first.id).await.unwrap().unwrap();
    let met = store.reserve(&second).await.unwrap();
    assert_eq!(met, Reserved::KeyTaken(opening));

    let room = a_room();
    store.confirm(first.id, Attempt::FIRST, room).await.unwrap();
    let ready = store.find(first.id).await.unwrap().unwrap();
    assert_eq!(ready.event_room(), Some(room));
    let met = store.reserve(&second).await.unwrap();
    assert_eq!(met, Reserved::KeyTaken(ready));
}

pub async fn the_same_reservation_again_meets_its_chat(store: Arc<dyn ChatStore>) {
    let reservation = reservation_of_room("school.example.org", "lesson-1", a_room());
    assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
    let chat = store.find(reservation.id).await.unwrap().unwrap();
    let met = store.reserve(&reservation).await.unwrap();
    assert_eq!(met, Reserved::KeyTaken(chat));
}

pub async fn a_room_is_taken_by_a_chat_that_is_opening(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let first = reservation_of_room("school.example.org", "lesson-1", room);
    store.reserve(&first).await.unwrap();

    let in_the_audience = reservation_of_room("school.example.org", "lesson-2", room);
    let elsewhere = reservation_of_room("college.example.org", "lesson-1", room);
    for second in [in_the_audience, elsewhere] {
        let met = store.reserve(&second).await.unwrap();
        assert_eq!(met, Reserved::RoomTaken);
    }
}

pub async fn a_room_is_taken_by_a_chat_that_is_ready(store: Arc<dyn ChatStore>) {
    let (existing, new) = (a_room(), a_room());
    let converted = reservation_of_room("school.example.org", "lesson-1", existing);
    let created = reservation("school.example.org", "lesson-2");
    for (chat, room) in [(converted, existing), (created, new)] {
        store.reserve(&chat).await.unwrap();
        let confirmed = store.confirm(chat.id, Attempt::FIRST, room).await;
        assert_eq!(confirmed.unwrap(), Confirmed::Ready);

        let second = reservation_of_room("school.example.org", "lesson-3", room);
        let met = store.reserve(&second).await.unwrap();
        assert_eq!(met, Reserved::RoomTaken);
    }
}

pub async fn where_key_and_room_are_taken_it_is_the_key(store: Arc<dyn ChatStore>) {
    let (one_room, other_room) = (a_room(), a_room());
    let one = reservation_of_room("school.example.org", "lesson-1", one_room);
    let other = reservation_of_room("school.example.org", "lesson-2", other_room);
    store.reserve(&one).await.unwrap();
    store.reserve(&other).await.unwrap();

    let one_chat = store.find(one.id).await.unwrap().unwrap();
    for room in [one_room, other_room] {
        let both = reservation_of_room("school.example.org", "lesson-1", room);
        let met = store.reserve(&both).await.unwrap();
        assert_eq!(met, Reserved::KeyTaken(one_chat.clone()));
    }
}

pub async fn chats_that_open_new_rooms_do_not_take_each_others(store: Arc<dyn ChatStore>) {
    for scope in ["lesson-1", "lesson-2", "lesson-3"] {
        let reservation = reservation("school.example.org", scope);
        assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
    }
}

pub async fn a_reservation_that_is_not_made_leaves_nothing(store: Arc<dyn ChatStore>) {
    let (room, free_room) = (a_room(), a_room());
    let first = reservation_of_room("school.example.org", "lesson-1", room);
    store.reserve(&first).await.unwrap();
    let before = store.find(first.id).await.unwrap();

    let by_key = reservation_of_room("school.example.org", "lesson-1", free_room);
    let by_room = reservation_of_room("school.example.org", "lesson-2", room);
    for refused in [&by_key, &by_room] {
        let met = store.reserve(refused).await.unwrap();
        assert_ne!(met, Reserved::Made);
        assert_eq!(store.find(refused.id).await.unwrap(), None);
    }
    assert_eq!(store.find(first.id).await.unwrap(), before);

    // Neither the free room of the one nor the free key of the other is taken now.
    let third = reservation_of_room("school.example.org", "lesson-2", free_room);
    assert_eq!(store.reserve(&third).await.unwrap(), Reserved::Made);
}

pub async fn keys_that_only_look_alike_are_different(store: Arc<dyn ChatStore>) {
    let audiences = [
        "school.example.org",
        "School.example.org",
        "SCHOOL.EXAMPLE.ORG",
        "schoo_.example.org",
        "school%",
        "%",
        "straße.example.org",
        "strasse.example.org",
        "é.example.org",
        "e\u{301}.example.org",
    ];
    let scopes = [
        "lesson",
        "Lesson",
        "lesson ",
        " lesson",
        "lesson\u{a0}",
        "lesson\u{200b}",
        "less_n",
        "less%",
        "less*",
        "lesson'",
        "lesson\"",
        "lesson\\",
        "lesson' OR '1'='1",
        "$1",
        "?",
        "caf\u{e9}",
        "cafe\u{301}",
        "cafe",
        "ﬁ",
        "fi",
        "I",
        "i",
        "ı",
        "İ",
        "0",
        "00",
        "0.0",
        "null",
        "🦀",
        "🦞",
    ];
    let keys = || {
        let scopes = scopes.map(|scope| ("school.example.org", scope));
        scopes.into_iter().chain(audiences.map(|audience| (audience, "1")))
    };

    let mut reserved = Vec::new();
    for (audience, scope) in keys() {
        let reservation = reservation(audience, scope);
        let met = store.reserve(&reservation).await.unwrap();
        assert_eq!(met, Reserved::Made, "{audience:?}, {scope:?}");
        reserved.push(reservation);
    }
    for reservation in reserved {
        let (audience, scope) = (&reservation.audience, &reservation.scope);
        let found = store.find_by_key(audience, scope).await.unwrap().unwrap();
        assert_eq!(found.id, reservation.id);
        assert_eq!((&found.audience, &found.scope), (audience, scope));
    }
}

pub async fn one_scope_is_another_key_in_another_audience(store: Arc<dyn ChatStore>) {
    let keys = [
        ("school.example.org", "lesson"),
        ("college.example.org", "lesson"),
        // The border between the two parts counts as well.
        ("school.example.orgl", "esson"),
    ];
    let mut ids = Vec::new();
    for (audience, scope) in keys {
        let reservation = reservation(audience, scope);
        assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
        ids.push(reservation.id);
    }
    let college: Audience = "college.example.org".parse().unwrap();
    let found = store.find_by_key(&college, &"lesson".parse().unwrap()).await;
    assert_eq!(found.unwrap().unwrap().id, ids[1]);
}
