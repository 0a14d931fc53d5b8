//! Cross-origin resource sharing (the Fetch standard, "CORS protocol"): which pages may read chats.
//!
//! Requests carry tokens, which pages have to know; cookies play no part, so there is no credentials mode.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use crate::{Origin, Settings, response_headers};

/// What pages may send along; what they may always, such as `Accept`, is not named.
const ALLOWED_HEADERS: &str = "authorization, content-type, if-none-match, x-request-id";

/// What pages may look at.
const EXPOSED_HEADERS: &str =
    "etag, location, ratelimit, ratelimit-policy, retry-after, x-request-id";

/// How long a browser may keep what it was told: two hours, which is as long as any of them does.
const MAX_AGE_SECONDS: &str = "7200";

/// Lets the pages of the configured origins use a route. To all others it is what it would be without.
pub(crate) async fn share(
    settings: web::Data<Settings>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let answer =
        |next: Next<_>, request| async move { Ok(next.call(request).await?.map_into_boxed_body()) };
    // Whatever stores an answer shall not give it to another origin.
    response_headers::add(&request, VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = allowed_origin(&request, &settings.cors_origins) else {
        return answer(next, request).await;
    };
    response_headers::add(&request, ACCESS_CONTROL_ALLOW_ORIGIN, origin.as_header().clone());
    if is_preflight(&request) {
        let preflight = HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS))
            .finish();
        return Ok(request.into_response(preflight));
    }
    let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
    response_headers::add(&request, ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    answer(next, request).await
}

fn allowed_origin<'a>(request: &ServiceRequest, origins: &'a [Origin]) -> Option<&'a Origin> {
    let mut sent = request.headers().get_all(ORIGIN);
    let origin = sent.next().filter(|_| sent.next().is_none())?;
    origins.iter().find(|allowed| allowed.as_header() == origin)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
