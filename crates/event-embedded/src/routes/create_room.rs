//! `POST /api/v1/rooms`: opens a room.

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::values::{Account, Audience};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::room_object::RoomObject;
use super::time_member::TimeMember;
use crate::access::Caller;
use crate::api_error::ApiError;
use crate::json_body::JsonBody;
use crate::rooms::{Room, RoomKind};
use crate::service::Inner;
use crate::settings::IdempotencyKeys;
use crate::store::{Added, IdempotencyKey};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_KEY_CHARS: usize = 255;

#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    audience: String,
    time: TimeMember,
    tags: Option<Box<RawValue>>,
    #[serde(default = "preserves_history")]
    preserve_history: bool,
    classroom_id: Uuid,
    kind: RoomKind,
}

pub(super) async fn handle(
    service: web::Data<Inner>,
    Caller(caller): Caller,
    http: HttpRequest,
    JsonBody(request): JsonBody<Request>,
) -> Result<HttpResponse, ApiError> {
    let key = match service.idempotency_keys {
        IdempotencyKeys::Honoured => idempotency_key(http.headers(), &caller, &request)?,
        IdempotencyKeys::Ignored => None,
    };
    let time = request.time.parse()?;
    // A text that is no audience is one that nobody knows.
    let audience: Audience = request.audience.parse().map_err(|_| ApiError::AccessDenied)?;
    if !service.admits(&caller, &audience) {
        return Err(ApiError::AccessDenied);
    }

    let room = Room {
        id: Uuid::new_v4(),
        audience,
        time,
        tags: request.tags,
        preserve_history: request.preserve_history,
        classroom_id: request.classroom_id,
        kind: request.kind,
        created_at: service.clock.now(),
    };
    match service.store.add_room(room, key).await? {
        Added::KeyReused => Err(ApiError::IdempotencyKeyReused),
        Added::Room(room) => {
            tracing::debug!(room = %room.id, classroom = %room.classroom_id, "a room is open");
            Ok(HttpResponse::Created().json(RoomObject::from(&room)))
        }
    }
}

fn preserves_history() -> bool {
    true
}

/// The request's key, with a digest of what the request says: white space outside of the tags and the
/// order of members do not count.
fn idempotency_key(
    headers: &HeaderMap,
    caller: &Account,
    request: &Request,
) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(header) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = header
        .to_str()
        .ok()
        .filter(|key| (1..=MAX_KEY_CHARS).contains(&key.len()))
        .ok_or(ApiError::InvalidIdempotencyKey)?;
    let said = serde_json::to_vec(request).map_err(|_| ApiError::InvalidIdempotencyKey)?;
    Ok(Some(IdempotencyKey {
        account: caller.clone(),
        key: key.into(),
        request_digest: Sha256::digest(said).into(),
    }))
}
