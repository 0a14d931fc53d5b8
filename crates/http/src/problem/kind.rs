//! The table of errors. Clients match on the type and on nothing else.

use actix_web::http::StatusCode;

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    /// Whether the same request may succeed later.
    pub(crate) is_transient: bool,
}

/// Makes of the table the kinds, a list of all of them, and the line of each.
macro_rules! table {
    ($($kind:ident => ($status:literal, $name:literal, $title:literal, $is_transient:ident),)+) => {
        /// What went wrong, as clients know it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)+
        }

        impl Kind {
            /// All kinds, in the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];

            pub(crate) const fn row(self) -> Row {
                match self {
                    $(Self::$kind => Row {
                        name: $name,
                        status: $status,
                        title: $title,
                        is_transient: $is_transient,
                    },)+
                }
            }
        }
    };
}

const LASTING: bool = false;
const TRANSIENT: bool = true;

table! {
    InvalidPayload           => (400, "invalid_payload", "Invalid payload", LASTING),
    InvalidParameter         => (400, "invalid_parameter", "Invalid parameter", LASTING),
    AuthenticationFailed     => (401, "authentication_failed", "Authentication failed", LASTING),
    AccessDenied             => (403, "access_denied", "Access denied", LASTING),
    ChatNotFound             => (404, "chat_not_found", "Chat not found", LASTING),
    RouteNotFound            => (404, "route_not_found", "Route not found", LASTING),
    MethodNotAllowed         => (405, "method_not_allowed", "Method not allowed", LASTING),
    ChatAlreadyExists        => (409, "chat_already_exists", "Chat already exists", LASTING),
    EventRoomTaken           => (409, "event_room_taken", "Event room taken", LASTING),
    PayloadTooLarge          => (413, "payload_too_large", "Payload too large", LASTING),
    UnsupportedMediaType     => (415, "unsupported_media_type", "Unsupported media type", LASTING),
    EventRoomNotFound        => (422, "event_room_not_found", "Event room not found", LASTING),
    RateLimited              => (429, "rate_limited", "Rate limited", TRANSIENT),
    InternalFailure          => (500, "internal_failure", "Internal failure", LASTING),
    EventServiceRejected     => (502, "event_service_rejected", "Event service rejected", LASTING),
    EventServiceUnavailable  => (503, "event_service_unavailable", "Event service unavailable", TRANSIENT),
    DatabaseUnavailable      => (503, "database_unavailable", "Database unavailable", TRANSIENT),
    AuthorizationUnavailable => (503, "authorization_unavailable", "Authorization unavailable", TRANSIENT),
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
