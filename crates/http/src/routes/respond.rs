//! What the routes answer with.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, ETAG, HeaderValue, LOCATION};
use actix_web::rt::spawn;
use actix_web::{HttpRequest, HttpResponse};
use chats_domain::chat::Chat;
use chats_domain::use_cases::{CreateError, Creation};
use opentelemetry::context::FutureExt;

use super::location;
use crate::connection::Activity;
use crate::problem::Problem;
use crate::{chat_object, etag};

/// Answers a request that asked for a chat to be there.
///
/// The work goes on in a task of its own: if the connection breaks in the middle, the chat is finished
/// all the same, instead of waiting half made for somebody to take it over. The end of the service waits for
/// it, too.
pub(super) async fn creation(
    request: &HttpRequest,
    work: impl Future<Output = Result<Creation, CreateError>> + 'static,
) -> Result<HttpResponse, Problem> {
    let work = work.with_current_context();
    let creation = match request.conn_data::<Activity>() {
        Some(connection) => spawn(connection.work().track_future(work)),
        None => spawn(work),
    };
    let creation = creation.await.map_err(|e| Problem::internal(e.into()))??;
    let (status, chat) = match creation {
        Creation::Created(chat) => (StatusCode::CREATED, chat),
        Creation::Existing(chat) => (StatusCode::OK, chat),
    };
    Ok(HttpResponse::build(status)
        .insert_header((LOCATION, location(chat.id)))
        .insert_header(ContentType::json())
        .body(to_json(&chat)?))
}

/// Answers a request to read a chat.
pub(super) fn read(request: &HttpRequest, chat: &Chat) -> Result<HttpResponse, Problem> {
    let body = to_json(chat)?;
    let etag = etag::of(&body);
    let mut response = if etag::client_has(request, &etag) {
        HttpResponse::NotModified().finish()
    } else {
        HttpResponse::Ok().insert_header(ContentType::json()).body(body)
    };
    let etag = HeaderValue::try_from(etag.to_string()).map_err(|e| Problem::internal(e.into()))?;
    let headers = response.headers_mut();
    headers.insert(ETAG, etag);
    // A browser may keep it, but has to ask each time, with a token: whether it may read is decided then.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

fn to_json(chat: &Chat) -> Result<Vec<u8>, Problem> {
    chat_object::to_json(chat).map_err(|e| Problem::internal(e.into()))
}
