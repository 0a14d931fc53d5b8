//! What goes over the wire, as the event service writes it (its version 0.2.82).

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// The body of `POST /rooms`.
#[derive(Serialize)]
pub(crate) struct OpenRoom<'a> {
    pub(crate) audience: &'a str,
    /// From and until when the room is open, in Unix seconds. Milliseconds would be taken for seconds
    /// without a word.
    pub(crate) time: (i64, Option<i64>),
    pub(crate) classroom_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
}

/// The body of `PATCH /rooms/{id}`.
#[derive(Serialize)]
pub(crate) struct BindRoom {
    pub(crate) classroom_id: Uuid,
}

/// A room, as every call answers it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Room {
    pub(crate) id: Uuid,
    pub(crate) audience: String,
    /// `None` too for what is no UUID: it names no chat.
    #[serde(default, deserialize_with = "uuid_if_it_is_one")]
    pub(crate) classroom_id: Option<Uuid>,
}

/// An error, of which the service promises more than we need.
#[derive(Deserialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    pub(crate) name: Option<String>,
}

fn uuid_if_it_is_one<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Uuid>, D::Error> {
    let value = serde_json::Value::deserialize(value)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}
