//! `GET /api/v1/rooms/{id}/events`: lists a room's events, open or closed.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::event_object::EventObject;
use crate::access::Caller;
use crate::api_error::ApiError;
use crate::events::{Direction, EventQuery};
use crate::service::Inner;

const MAX_LIMIT: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(rename = "type")]
    kind: Option<String>,
    limit: Option<u32>,
    last_occurred_at: Option<i64>,
    #[serde(default)]
    direction: Direction,
}

pub(super) async fn handle(
    service: web::Data<Inner>,
    Caller(caller): Caller,
    room_id: web::Path<Uuid>,
    web::Query(query): web::Query<Query>,
) -> Result<HttpResponse, ApiError> {
    let room = service.room_for(&caller, *room_id).await?;
    let query = EventQuery {
        room_id: room.id,
        kind: query.kind,
        direction: query.direction,
        last_occurred_at_ns: query.last_occurred_at,
        limit: query.limit.unwrap_or(MAX_LIMIT).min(MAX_LIMIT).into(),
    };
    let events = service.store.events(query).await?;
    let events: Vec<_> = events.iter().map(EventObject::from).collect();
    Ok(HttpResponse::Ok().json(events))
}
