use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::events::Event;

/// An event as the API writes it.
#[derive(Serialize)]
pub(super) struct EventObject<'a> {
    id: Uuid,
    room_id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    set: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<&'a str>,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "is_false")]
    removed: bool,
    /// In nanoseconds since the room's opening.
    occurred_at: i64,
    created_by: &'a str,
    created_at: i64,
}

impl<'a> From<&'a Event> for EventObject<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            id: event.id,
            room_id: event.room_id,
            kind: &event.kind,
            set: &event.set,
            label: event.label.as_deref(),
            attribute: event.attribute.as_deref(),
            data: &event.data,
            removed: event.removed,
            occurred_at: event.occurred_at_ns,
            created_by: &event.created_by,
            created_at: event.created_at.as_unix_seconds(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}
