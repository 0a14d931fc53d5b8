//! Request bodies of JSON, refused in plain text by the statuses of the event service's framework.

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, IgnoredAny};

/// The longest body that is read.
pub(crate) const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// A request body.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// Why a body was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidBody {
    #[error("The body's content type is to be application/json")]
    ContentType,
    #[error("The body has more than {MAX_BODY_BYTES} bytes")]
    TooLong,
    #[error("The body ended early")]
    Incomplete,
    #[error("The body is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("The body does not fit: {0}")]
    DoesNotFit(serde_json::Error),
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = InvalidBody;
    type Future = LocalBoxFuture<'static, Result<Self, InvalidBody>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !is_json(request) {
            return async { Err(InvalidBody::ContentType) }.boxed_local();
        }
        let bytes = web::Bytes::from_request(request, payload);
        async move {
            let bytes = bytes.await.map_err(|error| unread(&error))?;
            parse(&bytes).map(Self)
        }
        .boxed_local()
    }
}

/// The parser's own classes of errors do not tell: to it, a `null` in the place of a name is bad syntax.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidBody> {
    serde_json::from_slice(bytes).map_err(|error| {
        if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            InvalidBody::DoesNotFit(error)
        } else {
            InvalidBody::NotJson(error)
        }
    })
}

impl ResponseError for InvalidBody {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete | Self::NotJson(_) => StatusCode::BAD_REQUEST,
            Self::DoesNotFit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type(ContentType::plaintext())
            .body(self.to_string())
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(mime)) = request.mime_type() else {
        return false;
    };
    let is_json = mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json");
    mime.type_() == "application" && is_json
}

fn unread(error: &actix_web::Error) -> InvalidBody {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => InvalidBody::TooLong,
        _ => InvalidBody::Incomplete,
    }
}
