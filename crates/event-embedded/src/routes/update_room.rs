//! `PATCH /api/v1/rooms/{id}`: changes any of a room's time, tags and `classroom_id`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::room_object::RoomObject;
use super::time_member::TimeMember;
use crate::access::Caller;
use crate::api_error::ApiError;
use crate::json_body::JsonBody;
use crate::service::Inner;
use crate::store::RoomChanges;

#[derive(Deserialize)]
pub(super) struct Request {
    time: Option<TimeMember>,
    tags: Option<Box<RawValue>>,
    classroom_id: Option<Uuid>,
}

pub(super) async fn handle(
    service: web::Data<Inner>,
    Caller(caller): Caller,
    id: web::Path<Uuid>,
    JsonBody(request): JsonBody<Request>,
) -> Result<HttpResponse, ApiError> {
    let room = service.room_for(&caller, *id).await?;
    let now = service.clock.now();
    // The time of a closed room is the only thing that stays.
    if request.time.is_some() && room.time.has_ended(now) {
        return Err(ApiError::RoomClosed);
    }
    let time = request.time.map(TimeMember::parse).transpose()?;

    let changes = RoomChanges {
        time: time.map(|time| room.time.moved_to(time, now)),
        tags: request.tags,
        classroom_id: request.classroom_id,
    };
    let updated = service.store.change_room(*id, changes).await?;
    let room = updated.ok_or(ApiError::RoomNotFound)?;
    tracing::debug!(room = %room.id, classroom = %room.classroom_id, "a room was changed");
    Ok(HttpResponse::Ok().json(RoomObject::from(&room)))
}
