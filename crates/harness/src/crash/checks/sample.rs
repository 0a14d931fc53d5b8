//! Records, rows and rooms to be doctored.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::crash::record::{Answer, Ask, Chat, Expected, Kind, Post, RealTime, Record, Span};
use crate::deployment::{OUR_AUDIENCE, Room, Row};

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn seconds(from: u64, until: u64) -> Span {
    Span { from: Duration::from_secs(from), until: Duration::from_secs(until) }
}

pub(crate) fn post(scope: &str) -> Post {
    Post { scope: scope.to_owned(), tags: Some(json!({"grade": 7})), room: None }
}

/// The chat `n`, which stands on the room `100 + n`.
pub(crate) fn chat(n: u128, scope: &str) -> Chat {
    Chat {
        id: scope.to_owned(),
        chat_id: id(n),
        audience: OUR_AUDIENCE.to_owned(),
        scope: scope.to_owned(),
        tags: Some(json!({"grade": 7})),
        created_at: 1_732_281_600,
        real_time: Some(RealTime { event_room_id: id(100 + n) }),
    }
}

pub(crate) fn row(n: u128, scope: &str) -> Row {
    Row {
        id: id(n),
        audience: OUR_AUDIENCE.to_owned(),
        scope: scope.to_owned(),
        tags: Some(json!({"grade": 7})),
        event_room_id: Some(id(100 + n)),
        is_ready: true,
    }
}

pub(crate) fn room(n: u128) -> Room {
    Room { id: id(100 + n), audience: OUR_AUDIENCE.to_owned(), classroom_id: id(n) }
}

/// A request from second 1 to second 2, to the instance 0.
pub(crate) fn asked(post: Post, answer: Answer) -> Record {
    Record {
        kind: Kind::Create,
        instance: 0,
        ask: Ask::Post(post),
        expected: Expected::Anything,
        span: seconds(1, 2),
        answer,
    }
}

pub(crate) fn acknowledged(status: u16, chat: Chat) -> Answer {
    Answer::Chat { status, chat: Arc::new(chat) }
}

pub(crate) fn problem(status: u16, kind: &str) -> Answer {
    Answer::Problem { status, kind: kind.to_owned(), chat_id: None }
}
