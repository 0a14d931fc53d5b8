//! The client against a server that speaks bytes, and can so do everything that a server, or a network,
//! does wrong.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surprises a helper of a test fails the test"
)]

mod answers;
mod connections;
mod requests;
mod scripted;
mod setup;
mod tls;
mod trouble;

use std::{sync::Arc, time::Duration};

use chats_domain::ports::{Cause, EventRoomsError, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId, Timestamp};
use chats_event_client::{EventClient, RoomKind, Settings, TokenSource};
use uuid::{Uuid, uuid};

const CHAT: Uuid = uuid!("0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11");
const ROOM: Uuid = uuid!("5f0e2a0c-6f5e-4e0e-9a5e-0d3b6a1c9f10");
const STRANGER: Uuid = uuid!("11111111-2222-4333-8444-555555555555");

fn chat() -> ChatId {
    CHAT.into()
}

fn room() -> EventRoomId {
    ROOM.into()
}

fn new_room() -> NewEventRoom {
    NewEventRoom {
        chat: chat(),
        audience: "school.example.org".parse().unwrap(),
        opens_at: Timestamp::from_unix_micros(1_732_281_600_999_999),
    }
}

/// A room as the event service writes it, bound to `classroom`.
fn room_json(id: Uuid, classroom: Uuid) -> String {
    format!(
        r#"{{"id":"{id}","audience":"school.example.org","time":[1732281600,null],"tags":{{"a":1}},"created_at":1732281600,"preserve_history":true,"classroom_id":"{classroom}","locked_types":{{}},"whiteboard_access":{{}},"kind":"Webinar"}}"#
    )
}

fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.parse().unwrap(),
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        extra_roots: None,
        room_kind: Some(RoomKind::Webinar),
    }
}

fn client(base_url: &str) -> EventClient {
    EventClient::new(&settings(base_url), None).unwrap()
}

/// A client for servers that never do what it waits for.
fn client_within(connect_timeout: Duration, timeout: Duration, base_url: &str) -> EventClient {
    let settings = Settings { connect_timeout, timeout, ..settings(base_url) };
    EventClient::new(&settings, None).unwrap()
}

fn client_with(base_url: &str, tokens: impl TokenSource + 'static) -> EventClient {
    EventClient::new(&settings(base_url), Some(Arc::new(tokens))).unwrap()
}

/// Gives the same token each time, or none.
struct Token(Result<&'static str, &'static str>);

impl TokenSource for Token {
    fn token(&self) -> Result<String, Cause> {
        self.0.map(Into::into).map_err(Into::into)
    }
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: &Result<T, EventRoomsError>) {
    assert!(matches!(result, Err(EventRoomsError::Refused(_))), "{result:?}");
}

#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T, EventRoomsError>) {
    assert!(matches!(result, Err(EventRoomsError::Unavailable(_))), "{result:?}");
}

#[track_caller]
fn assert_unknown<T: std::fmt::Debug>(result: &Result<T, EventRoomsError>) {
    assert!(matches!(result, Err(EventRoomsError::Unknown(_))), "{result:?}");
}

/// What the log shows of an error: the whole chain.
fn chain(error: &EventRoomsError) -> String {
    let mut chain = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        chain = format!("{chain}: {error}");
        source = error.source();
    }
    chain
}
