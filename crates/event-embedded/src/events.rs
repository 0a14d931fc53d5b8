//! Events of a room.

use chats_domain::values::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event: a message, say.
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) room_id: Uuid,
    pub(crate) kind: String,
    /// The set of events that it belongs to; its kind, if nothing else was said.
    pub(crate) set: String,
    pub(crate) label: Option<String>,
    pub(crate) attribute: Option<String>,
    /// Arbitrary JSON, as it was written.
    pub(crate) data: Box<RawValue>,
    pub(crate) removed: bool,
    /// Nanoseconds since the opening of the room.
    pub(crate) occurred_at_ns: i64,
    /// The account, in its written form.
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
}

/// Which events of a room to list.
pub(crate) struct EventQuery {
    pub(crate) room_id: Uuid,
    /// Only those of this kind.
    pub(crate) kind: Option<String>,
    pub(crate) direction: Direction,
    /// Only those beyond this moment, in the direction of the listing.
    pub(crate) last_occurred_at_ns: Option<i64>,
    pub(crate) limit: i64,
}

/// The order of a listing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    #[default]
    Backward,
}
