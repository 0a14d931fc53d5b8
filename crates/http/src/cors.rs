//! Cross-origin resource sharing (the Fetch standard, "CORS protocol"): which pages may read chats.
//!
//! Requests carry tokens, which pages have to know; cookies play no part, so there is no credentials mode.

use std::str::FromStr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use crate::{Settings, response_headers};

/// Where a page comes from, as browsers write it: `https://app.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no origin as browsers write it, such as https://app.example.org or http://localhost:3000"
)]
pub struct InvalidOrigin;

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Takes an origin in the one form that browsers send (RFC 6454, section 6.2): in lower case, and
    /// without a path, a slash at the end, or the port that its scheme has anyway.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        let is_needless = match authority.port_u16() {
            Some(80) => scheme == "http",
            Some(443) => scheme == "https",
            _ => false,
        };
        let is_as_browsers_write_it = text == format!("{scheme}://{authority}")
            && !text.contains(|c: char| c == '@' || c == '*' || c.is_ascii_uppercase());
        if is_needless || !is_as_browsers_write_it {
            return Err(InvalidOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| InvalidOrigin)
    }
}

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
    if settings.cors_origins.is_empty() {
        return answer(next, request).await;
    }
    // Whatever stores an answer shall not give it to another origin.
    response_headers::add(&request, VARY, HeaderValue::from_static("Origin"));
    let Some(Origin(origin)) = allowed_origin(&request, &settings.cors_origins) else {
        return answer(next, request).await;
    };
    response_headers::add(&request, ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
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
    origins.iter().find(|allowed| allowed.0 == *origin)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for text in [
            "https://app.example.org",
            "http://localhost:3000",
            "https://app.example.org:8443",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert_eq!(text.parse::<Origin>().map(|it| it.0), Ok(HeaderValue::from_static(text)));
        }
    }

    #[test]
    fn what_would_never_match_is_no_origin() {
        for text in [
            "",
            "*",
            "null",
            "app.example.org",
            "//app.example.org",
            "https://",
            "https://app.example.org/",
            "https://app.example.org/path",
            "https://app.example.org?query",
            "https://App.example.org",
            "HTTPS://app.example.org",
            "https://app.example.org:443",
            "http://app.example.org:80",
            "https://user@app.example.org",
            "https://*.example.org",
            "https://bücher.example",
            " https://app.example.org",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
