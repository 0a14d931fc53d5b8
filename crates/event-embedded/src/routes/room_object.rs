use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::rooms::{Room, RoomKind};

/// A room as the API writes it.
#[derive(Serialize)]
pub(super) struct RoomObject<'a> {
    id: Uuid,
    audience: &'a str,
    time: (i64, Option<i64>),
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a RawValue>,
    created_at: i64,
    preserve_history: bool,
    classroom_id: Uuid,
    locked_types: Empty,
    whiteboard_access: Empty,
    kind: RoomKind,
}

/// What this service has no calls to fill: `{}`.
#[derive(Serialize)]
struct Empty {}

impl<'a> From<&'a Room> for RoomObject<'a> {
    fn from(room: &'a Room) -> Self {
        Self {
            id: room.id,
            audience: room.audience.as_str(),
            time: (room.time.start(), room.time.end()),
            tags: room.tags.as_deref(),
            created_at: room.created_at.as_unix_seconds(),
            preserve_history: room.preserve_history,
            classroom_id: room.classroom_id,
            locked_types: Empty {},
            whiteboard_access: Empty {},
            kind: room.kind,
        }
    }
}
