//! The table of errors. Clients match on the type and on nothing else.

use actix_web::http::StatusCode;

/// What went wrong, as clients know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidPayload,
    InvalidParameter,
    AuthenticationFailed,
    AccessDenied,
    ChatNotFound,
    RouteNotFound,
    MethodNotAllowed,
    ChatAlreadyExists,
    EventRoomTaken,
    PayloadTooLarge,
    UnsupportedMediaType,
    EventRoomNotFound,
    RateLimited,
    InternalFailure,
    EventServiceRejected,
    EventServiceUnavailable,
    DatabaseUnavailable,
    AuthorizationUnavailable,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    /// Whether the same request may succeed later.
    pub(crate) is_transient: bool,
}

impl Kind {
    #[rustfmt::skip]
    pub(crate) const fn row(self) -> Row {
        const LASTING: bool = false;
        const TRANSIENT: bool = true;
        match self {
            Self::InvalidPayload           => row(400, "invalid_payload", "Invalid payload", LASTING),
            Self::InvalidParameter         => row(400, "invalid_parameter", "Invalid parameter", LASTING),
            Self::AuthenticationFailed     => row(401, "authentication_failed", "Authentication failed", LASTING),
            Self::AccessDenied             => row(403, "access_denied", "Access denied", LASTING),
            Self::ChatNotFound             => row(404, "chat_not_found", "Chat not found", LASTING),
            Self::RouteNotFound            => row(404, "route_not_found", "Route not found", LASTING),
            Self::MethodNotAllowed         => row(405, "method_not_allowed", "Method not allowed", LASTING),
            Self::ChatAlreadyExists        => row(409, "chat_already_exists", "Chat already exists", LASTING),
            Self::EventRoomTaken           => row(409, "event_room_taken", "Event room taken", LASTING),
            Self::PayloadTooLarge          => row(413, "payload_too_large", "Payload too large", LASTING),
            Self::UnsupportedMediaType     => row(415, "unsupported_media_type", "Unsupported media type", LASTING),
            Self::EventRoomNotFound        => row(422, "event_room_not_found", "Event room not found", LASTING),
            Self::RateLimited              => row(429, "rate_limited", "Rate limited", TRANSIENT),
            Self::InternalFailure          => row(500, "internal_failure", "Internal failure", LASTING),
            Self::EventServiceRejected     => row(502, "event_service_rejected", "Event service rejected", LASTING),
            Self::EventServiceUnavailable  => row(503, "event_service_unavailable", "Event service unavailable", TRANSIENT),
            Self::DatabaseUnavailable      => row(503, "database_unavailable", "Database unavailable", TRANSIENT),
            Self::AuthorizationUnavailable => row(503, "authorization_unavailable", "Authorization unavailable", TRANSIENT),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

const fn row(status: u16, name: &'static str, title: &'static str, is_transient: bool) -> Row {
    Row { name, status, title, is_transient }
}
