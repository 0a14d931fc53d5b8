//! Problem details (RFC 9457): the one form that every error has.

mod from_domain;
mod kind;
mod render;

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use chats_domain::ports::Cause;
use chats_domain::values::ChatId;

pub(crate) use kind::Kind;
pub(crate) use render::{Trouble, problem_object, rendered};

/// An error on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    chat_id: Option<ChatId>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log alone.
    cause: Option<Cause>,
    /// Whether the log hears of the trouble otherwise.
    is_logged_elsewhere: bool,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            chat_id: None,
            headers: Vec::new(),
            cause: None,
            is_logged_elsewhere: false,
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with_cause(self, cause: Cause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Something that must not happen did; what, is for the log alone.
    pub(crate) fn internal(cause: Cause) -> Self {
        Self::new(Kind::InternalFailure, "The service failed. The request id leads to the reason.")
            .with_cause(cause)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.row().title)
    }
}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// Only the status: the middleware writes the body, for it knows the request's id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
