//! `GET /test/rooms`: the rooms that there are, for tests that count them from outside.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::room_object::RoomObject;
use crate::api_error::ApiError;
use crate::service::Inner;

#[derive(Deserialize)]
pub(super) struct Query {
    classroom_id: Option<Uuid>,
}

pub(super) async fn handle(
    service: web::Data<Inner>,
    web::Query(query): web::Query<Query>,
) -> Result<HttpResponse, ApiError> {
    let rooms = service.store.rooms(query.classroom_id).await?;
    let rooms: Vec<_> = rooms.iter().map(RoomObject::from).collect();
    Ok(HttpResponse::Ok().json(rooms))
}
