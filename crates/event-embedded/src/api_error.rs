//! The errors of the event service's API: `{"type", "title", "detail"?}`, with no status among them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use chats_domain::ports::{AuthenticationError, Cause};
use serde::Serialize;

use crate::store::StoreError;

/// Why a request was not carried out. What [`json_body`](crate::json_body) and actix-web refuse is
/// plain text instead.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("there is no token")]
    NoAuthenticationToken,
    #[error("the token was refused")]
    InvalidAuthentication(#[source] Cause),
    #[error("the token could not be verified")]
    AuthenticationUnavailable(#[source] Cause),
    #[error("access is denied")]
    AccessDenied,
    #[error("there is no such room")]
    RoomNotFound,
    #[error("the room is closed, or not open yet")]
    RoomClosed,
    #[error("a room starts at a time, and ends later or not at all")]
    InvalidRoomTime,
    #[error("the Idempotency-Key is not 1 to 255 visible ASCII characters")]
    InvalidIdempotencyKey,
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    #[error("the database failed")]
    DatabaseQueryFailed(#[from] StoreError),
}

impl ApiError {
    /// All of the API's errors: status, type, title. The last three are this service's own.
    fn row(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::NoAuthenticationToken => {
                (S::UNAUTHORIZED, "no_authentication_token", "No authentication token")
            }
            Self::InvalidAuthentication(_) => {
                (S::UNAUTHORIZED, "invalid_authentication", "Invalid authentication")
            }
            Self::AccessDenied => (S::FORBIDDEN, "access_denied", "Access denied"),
            Self::RoomNotFound => (S::NOT_FOUND, "room_not_found", "Room not found"),
            Self::RoomClosed => (S::NOT_FOUND, "room_closed", "Room closed"),
            Self::InvalidRoomTime => (S::BAD_REQUEST, "invalid_room_time", "Invalid room time"),
            Self::DatabaseQueryFailed(_) => {
                (S::UNPROCESSABLE_ENTITY, "database_query_failed", "Database query failed")
            }
            Self::AuthenticationUnavailable(_) => {
                (S::SERVICE_UNAVAILABLE, "authentication_unavailable", "Authentication unavailable")
            }
            Self::InvalidIdempotencyKey => {
                (S::BAD_REQUEST, "invalid_idempotency_key", "Invalid idempotency key")
            }
            Self::IdempotencyKeyReused => {
                (S::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key reused")
            }
        }
    }
}

impl From<AuthenticationError> for ApiError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Refused(cause) => Self::InvalidAuthentication(cause),
            AuthenticationError::Unavailable(cause) => Self::AuthenticationUnavailable(cause),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, kind, title) = self.row();
        match self {
            Self::InvalidAuthentication(cause) | Self::AuthenticationUnavailable(cause) => {
                tracing::debug!(cause = %chain(cause.as_ref()), "{self}");
            }
            Self::DatabaseQueryFailed(cause) => tracing::error!(cause = %chain(cause), "{self}"),
            _ => tracing::debug!(kind, "{self}"),
        }
        HttpResponse::build(status).json(ErrorBody { kind, title, detail: Some(&self.to_string()) })
    }
}

/// An error as the API writes it.
#[derive(Serialize)]
pub(crate) struct ErrorBody<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    pub(crate) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<&'a str>,
}

/// An error and its sources, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
