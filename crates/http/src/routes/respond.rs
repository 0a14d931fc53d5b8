//! What the routes answer with.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderValue, LOCATION};
use actix_web::rt::spawn;
use actix_web::{HttpRequest, HttpResponse};
use chats_domain::chat::Chat;
use chats_domain::use_cases::{CreateError, Creation};
use opentelemetry::context::FutureExt;
use tokio::task::JoinError;

use super::location;
use crate::connection::Activity;
use crate::problem::Problem;
use crate::{chat_object, etag};

/// A browser may keep a chat, but has to ask each time, with a token: whether it may read is decided then.
const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Answers a request that asked for a chat to be there.
///
/// The work goes on in a task of its own: if the connection breaks in the middle, the chat is finished
/// all the same, instead of waiting half made for somebody to take it over. The end of the service waits for
/// it, too.
pub(super) async fn creation(
    request: &HttpRequest,
    work: impl Future<Output = Result<Creation, CreateError>> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let work = work.with_current_context();
    let creation = match request.conn_data::<Activity>() {
        Some(connection) => connection.carry_out(work),
        None => spawn(work),
    };
    let creation = creation.await.unwrap_or_else(|ended| Err(unfinished(ended)))?;
    let (status, chat) = match creation {
        Creation::Created(chat) => (StatusCode::CREATED, chat),
        Creation::Existing(chat) => (StatusCode::OK, chat),
    };
    Ok(HttpResponse::build(status)
        .insert_header((LOCATION, location(chat.id)))
        .insert_header(ContentType::json())
        .body(to_json(&chat)?))
}

/// What is known of work that did not come to its end: it failed, or the service ended before it did. Then the
/// chat may be half made, and is finished later.
fn unfinished(ended: JoinError) -> CreateError {
    if ended.is_cancelled() {
        CreateError::EventServiceUnavailable(Box::new(ended))
    } else {
        CreateError::Failed(Box::new(ended))
    }
}

/// Answers a request to read a chat.
pub(super) fn read(request: &HttpRequest, chat: &Chat) -> Result<HttpResponse, Problem> {
    etag::answer(request, to_json(chat)?, "application/json", CACHING)
}

fn to_json(chat: &Chat) -> Result<Vec<u8>, Problem> {
    chat_object::to_json(chat).map_err(|e| Problem::internal(e.into()))
}
