//! `GET /api/v1/rooms/{id}`: reads a room.

use actix_web::{HttpResponse, web};
use uuid::Uuid;

use super::room_object::RoomObject;
use crate::access::Caller;
use crate::api_error::ApiError;
use crate::service::Inner;

pub(super) async fn handle(
    service: web::Data<Inner>,
    Caller(caller): Caller,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let room = service.room_for(&caller, *id).await?;
    Ok(HttpResponse::Ok().json(RoomObject::from(&room)))
}
