//! Strong entity tags (RFC 9110, section 8.8.3): equal exactly if the bytes are.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, HeaderValue, IF_NONE_MATCH, IfNoneMatch,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::problem::Problem;

/// Answers with this body and its entity tag, or without the body if the client says that it has it.
pub(crate) fn answer(
    request: &HttpRequest,
    body: impl Into<Bytes>,
    content_type: &str,
    caching: HeaderValue,
) -> Result<HttpResponse, Problem> {
    let body = body.into();
    let etag = of(&body);
    let mut response = if client_has(request, &etag) {
        HttpResponse::NotModified().finish()
    } else {
        HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).body(body)
    };
    let etag = HeaderValue::try_from(etag).map_err(|e| Problem::internal(e.into()))?;
    let headers = response.headers_mut();
    headers.insert(ETAG, etag);
    headers.insert(CACHE_CONTROL, caching);
    Ok(response)
}

/// The entity tag of a body, as headers have it: half of its SHA-256, which is more than enough to tell bodies apart.
pub(crate) fn of(body: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let (half, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    format!("\"{}\"", Uuid::from_bytes(*half).simple())
}

/// Whether the client says that it has what `etag` names. A header that does not parse says nothing.
fn client_has(request: &HttpRequest, etag: &str) -> bool {
    if !request.headers().contains_key(IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        // Weak comparison, as RFC 9110, section 13.1.2 asks for.
        Ok(IfNoneMatch::Items(tags)) => {
            etag.parse().is_ok_and(|etag: EntityTag| tags.iter().any(|tag| tag.weak_eq(&etag)))
        }
        Err(_) => false,
    }
}
