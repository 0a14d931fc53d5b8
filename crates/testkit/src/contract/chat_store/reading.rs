//! What was stored reads back as it was.

use std::sync::Arc;

use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{ChatIds, ChatStore, Reservation, Reserved};
use chats_domain::values::{MAX_TEXT_CHARS, Tags, Timestamp};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{START, a_room, later, reservation};
use crate::memory::RandomIds;

pub async fn a_reserved_chat_reads_back_by_its_identifier_and_by_its_key(
    store: Arc<dyn ChatStore>,
) {
    let plain = reservation("school.example.org", "lesson-1");
    let full = Reservation {
        tags: Some(Tags::parse(r#"{"grade": 7}"#).unwrap()),
        existing_room: Some(a_room()),
        ..reservation("school.example.org", "lesson-2")
    };
    for reservation in [plain, full] {
        assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
        let expected = Some(Chat {
            id: reservation.id,
            audience: reservation.audience.clone(),
            scope: reservation.scope.clone(),
            tags: reservation.tags.clone(),
            created_at: reservation.created_at,
            state: ChatState::Opening(Opening {
                existing_room: reservation.existing_room,
                attempt: Attempt::FIRST,
                lease_until: reservation.lease_until,
            }),
        });
        assert_eq!(store.find(reservation.id).await.unwrap(), expected);
        let by_key = store.find_by_key(&reservation.audience, &reservation.scope);
        assert_eq!(by_key.await.unwrap(), expected);
    }
}

pub async fn a_chat_that_is_not_there_is_none(store: Arc<dyn ChatStore>) {
    let there = reservation("school.example.org", "lesson-1");
    store.reserve(&there).await.unwrap();

    let absent = reservation("school.example.org", "lesson-2");
    assert_eq!(store.find(absent.id).await.unwrap(), None);
    let by_key = store.find_by_key(&absent.audience, &absent.scope);
    assert_eq!(by_key.await.unwrap(), None);
}

pub async fn tags_are_kept_as_they_were_written(store: Arc<dyn ChatStore>) {
    let longest =
        format!(r#"{{"filling":"{}"}}"#, "x".repeat(Tags::MAX_BYTES - r#"{"filling":""}"#.len()));
    let deepest = format!(
        "{}{{}}{}",
        r#"{"a":"#.repeat(Tags::MAX_LEVELS - 1),
        "}".repeat(Tags::MAX_LEVELS - 1)
    );
    let texts = [
        "{}",
        r#"{"integer":1234567890123456789012345678901234567890}"#,
        r#"{"decimal":0.123456789012345678901234567890}"#,
        r#"{"huge":1e999999,"tiny":-1E-999999}"#,
        r#"{"b":1.0,"a":10e-1,"c":-0}"#,
        r#"{ "spaces" :  [ 1 ,	2 ] , "empty" : { } }"#,
        r#"{"課題":"🦀 é e\u0301","escaped":"\u00e9\ud83e\udd80\n\t\"\\\/"}"#,
        r#"{"":null,"'; DROP TABLE chat; --":[true,false]}"#,
        "{\"delete\":\"\u{7f}\",\"last\":\"\u{10ffff}\",\"not a character\":\"\u{ffff}\"}",
        &longest,
        &deepest,
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let reservation = Reservation {
            tags: Some(Tags::parse(text).unwrap()),
            ..reservation("school.example.org", &format!("lesson-{number}"))
        };
        store.reserve(&reservation).await.unwrap();
        let chat = store.find(reservation.id).await.unwrap().unwrap();
        // Equal tags need not be the same text, so the text itself is compared.
        assert_eq!(chat.tags.unwrap().as_json(), text);
    }
}

pub async fn times_are_kept_to_the_microsecond(store: Arc<dyn ChatStore>) {
    let moments = [
        0,
        1,
        999_999,
        -1,
        -62_135_596_800_000_000, // the year 1
        1_732_281_600_999_999,
        i64::MAX,
    ];
    for (number, micros) in moments.into_iter().enumerate() {
        let moment = Timestamp::from_unix_micros(micros);
        let reservation = Reservation {
            created_at: moment,
            lease_until: moment,
            ..reservation("school.example.org", &format!("lesson-{number}"))
        };
        store.reserve(&reservation).await.unwrap();
        let chat = store.find(reservation.id).await.unwrap().unwrap();
        assert_eq!(chat.created_at, moment);
        assert!(
            matches!(chat.state, ChatState::Opening(opening) if opening.lease_until == moment),
            "{chat:?}"
        );
    }

    let reservation = reservation("school.example.org", "by the microsecond");
    store.reserve(&reservation).await.unwrap();
    let end = reservation.lease_until.as_unix_micros();
    let seen = Attempt::FIRST;
    for (now, expected) in [(end - 1, None), (end, Some(seen.next()))] {
        let now = Timestamp::from_unix_micros(now);
        let taken = store.take_over(reservation.id, seen, now, later(9)).await;
        assert_eq!(taken.unwrap(), expected);
    }
}

pub async fn the_longest_texts_are_kept(store: Arc<dyn ChatStore>) {
    // Four bytes each, and too varied to be compressed: what an index must be able to hold.
    let varied = |from: u32| -> String {
        (0..)
            .map_while(|n| char::from_u32(0x1_0000 + (from + n) * 4099 % 0xf_0000))
            .take(MAX_TEXT_CHARS)
            .collect()
    };
    let reservation = Reservation {
        id: RandomIds.next(),
        audience: varied(0).parse().unwrap(),
        scope: varied(1000).parse().unwrap(),
        asked_by: format!("tutor.{}", varied(2000)).parse().unwrap(),
        ..reservation("school.example.org", "lesson-1")
    };
    assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);

    let chat = store.find_by_key(&reservation.audience, &reservation.scope).await.unwrap().unwrap();
    assert_eq!(chat.id, reservation.id);
    assert_eq!(chat.audience, reservation.audience);
    assert_eq!(chat.scope, reservation.scope);
    assert_eq!(chat.created_at, START);
}

pub async fn any_text_is_kept(store: Arc<dyn ChatStore>) {
    // What a scope may hold, and JSON without an escape.
    let any_char = any::<char>()
        .prop_filter("is allowed", |char| !char.is_control() && !matches!(char, '"' | '\\'));
    let any_text = prop::collection::vec(any_char, 1..=MAX_TEXT_CHARS).prop_map(String::from_iter);
    let mut runner = TestRunner::deterministic();
    for _ in 0..50 {
        let scope = any_text.new_tree(&mut runner).unwrap().current();
        let tag = any_text.new_tree(&mut runner).unwrap().current();
        let tags = format!(r#"{{"tag":"{tag}"}}"#);
        let reservation = Reservation {
            tags: Some(Tags::parse(&tags).unwrap()),
            ..reservation("school.example.org", &scope)
        };
        assert_eq!(store.reserve(&reservation).await.unwrap(), Reserved::Made);
        let by_key = store.find_by_key(&reservation.audience, &reservation.scope);
        let chat = by_key.await.unwrap().unwrap();
        assert_eq!((chat.id, &chat.scope), (reservation.id, &reservation.scope));
        assert_eq!(chat.tags.unwrap().as_json(), tags);
    }
}
