//! `POST /api/v1/rooms/{id}/events`: posts an event to an open room.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::event_object::EventObject;
use crate::access::Caller;
use crate::api_error::ApiError;
use crate::events::Event;
use crate::json_body::JsonBody;
use crate::service::Inner;

/// The event service also takes `is_claim`, which decides who is notified. Nobody is, here.
#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(rename = "type")]
    kind: String,
    set: Option<String>,
    label: Option<String>,
    attribute: Option<String>,
    data: Box<RawValue>,
    #[serde(default = "is_persistent")]
    is_persistent: bool,
    #[serde(default)]
    removed: bool,
}

pub(super) async fn handle(
    service: web::Data<Inner>,
    Caller(caller): Caller,
    room_id: web::Path<Uuid>,
    JsonBody(request): JsonBody<Request>,
) -> Result<HttpResponse, ApiError> {
    let room = service.room_for(&caller, *room_id).await?;
    let now = service.clock.now();
    if !room.time.is_open(now) {
        return Err(ApiError::RoomClosed);
    }

    let event = Event {
        id: Uuid::new_v4(),
        room_id: room.id,
        set: request.set.unwrap_or_else(|| request.kind.clone()),
        kind: request.kind,
        label: request.label,
        attribute: request.attribute,
        data: request.data,
        removed: request.removed,
        occurred_at_ns: room.time.nanoseconds_since_start(now),
        created_by: caller.to_string(),
        created_at: now,
    };
    let event = if request.is_persistent { service.store.add_event(event).await? } else { event };
    Ok(HttpResponse::Created().json(EventObject::from(&event)))
}

fn is_persistent() -> bool {
    true
}
