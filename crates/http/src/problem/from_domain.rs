//! Which problem an error of the use cases is: the only place where they meet HTTP.

use actix_web::http::header::{HeaderValue, LOCATION};
use chats_domain::ports::{AuthenticationError, Cause};
use chats_domain::use_cases::{CreateError, ReadError};
use chats_domain::values::ChatId;

use super::{Kind, Problem};
use crate::routes;

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::AccessDenied => Self::access_denied(),
            CreateError::AccessUnavailable(cause) => Self::authorization_unavailable(cause),
            CreateError::AlreadyExists(chat) => Self::already_exists(chat),
            CreateError::EventRoomNotFound => {
                Self::new(Kind::EventRoomNotFound, "The audience has no such event room.")
            }
            CreateError::EventRoomTaken => {
                Self::new(Kind::EventRoomTaken, "The event room carries another chat already.")
            }
            CreateError::EventServiceRejected(cause) => {
                Self::new(Kind::EventServiceRejected, "The event service refused the room.")
                    .with_cause(cause)
            }
            CreateError::EventServiceUnavailable(cause) => Self::new(
                Kind::EventServiceUnavailable,
                "The event service did not open the room. Repeat the request: it leads to one chat.",
            )
            .with_cause(cause),
            CreateError::StoreUnavailable(cause) => Self::database_unavailable(cause),
            CreateError::Failed(cause) => Self::internal(cause),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::AccessDenied => Self::access_denied(),
            ReadError::AccessUnavailable(cause) => Self::authorization_unavailable(cause),
            ReadError::NotFound => Self::new(Kind::ChatNotFound, "There is no such chat."),
            ReadError::StoreUnavailable(cause) => Self::database_unavailable(cause),
            ReadError::Failed(cause) => Self::internal(cause),
        }
    }
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Refused(cause) => Self::invalid_token().with_cause(cause),
            AuthenticationError::Unavailable(cause) => Self::authentication_unavailable(cause),
        }
    }
}

impl Problem {
    /// Nobody can tell now whether the token that came counts. Anyone can bring this about, with any token.
    pub(crate) fn authentication_unavailable(cause: Cause) -> Self {
        let detail = "It could not be told whether the bearer token is good.";
        Self::somebody_cannot_be_asked(detail, cause)
    }

    fn access_denied() -> Self {
        Self::new(Kind::AccessDenied, "The account may not do this in the audience.")
    }

    fn authorization_unavailable(cause: Cause) -> Self {
        let detail = "The audience could not be asked whether the account may do this.";
        Self::somebody_cannot_be_asked(detail, cause)
    }

    /// Who calls makes as many of these as they like, so each is not for the log, which whoever fetches the
    /// keys or asks the tenant tells of the trouble.
    fn somebody_cannot_be_asked(detail: &str, cause: Cause) -> Self {
        Self { is_logged_elsewhere: true, ..Self::new(Kind::AuthorizationUnavailable, detail) }
            .with_cause(cause)
    }

    fn database_unavailable(cause: Cause) -> Self {
        Self::new(Kind::DatabaseUnavailable, "The database did not answer, or has too much to do.")
            .with_cause(cause)
    }

    fn already_exists(chat: ChatId) -> Self {
        let problem = Self::new(
            Kind::ChatAlreadyExists,
            "The audience has a chat of this scope already, and it says something else.",
        );
        let problem = match HeaderValue::try_from(routes::location(chat)) {
            Ok(location) => problem.with_header(LOCATION, location),
            Err(_) => problem,
        };
        Self { chat_id: Some(chat), ..problem }
    }
}
