//! One chat, and what is said of it, in the form that answers have.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chat_object::{ChatObject, RealTime};
use crate::{etag, routes};

/// The audience that is open in development, so that the examples can be sent as they are.
pub(super) const AUDIENCE: &str = "demo.example.org";
pub(super) const SCOPE: &str = "lesson-42";
pub(super) const REQUEST_ID: &str = "0193a5c1-07a4-7d62-8f0e-0e4bfa1a9d5b";
pub(super) const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub(super) const CHAT_ID: Uuid = Uuid::from_u128(0x0193_a5c0_7b1e_7cc3_9d3e_2f6a_1c0b_8e11);
pub(super) const EVENT_ROOM_ID: Uuid = Uuid::from_u128(0x5f0e_2a0c_6f5e_4e0e_9a5e_0d3b_6a1c_9f10);

pub(super) fn chat() -> Value {
    to_value(&chat_object())
}

/// The tag of that chat.
pub(super) fn etag() -> String {
    etag::of(&serde_json::to_vec(&chat_object()).unwrap_or_default())
}

pub(super) fn tags() -> Value {
    json!({ "grade": 7 })
}

pub(super) fn location() -> String {
    routes::location(CHAT_ID.into())
}

/// An object of ours as JSON. Such objects can always be written.
pub(super) fn to_value(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn chat_object() -> ChatObject<'static> {
    ChatObject {
        id: SCOPE,
        chat_id: CHAT_ID,
        audience: AUDIENCE,
        scope: SCOPE,
        tags: serde_json::from_str(r#"{"grade": 7}"#).ok(),
        created_at: 1_732_281_600,
        real_time: Some(RealTime { event_room_id: EVENT_ROOM_ID }),
    }
}
