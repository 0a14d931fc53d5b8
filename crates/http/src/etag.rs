//! Strong entity tags (RFC 9110, section 8.8.3): equal exactly if the bytes are.

use std::fmt::Write;

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};
use sha2::{Digest, Sha256};

/// The entity tag of a body: half of its SHA-256, which is more than enough to tell bodies apart.
pub(crate) fn of(body: &[u8]) -> EntityTag {
    let digest = Sha256::digest(body);
    let hex = digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    EntityTag::new_strong(hex)
}

/// Whether the client says that it has what `etag` names. A header that does not parse says nothing.
pub(crate) fn client_has(request: &HttpRequest, etag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        // Weak comparison, as RFC 9110, section 13.1.2 asks for.
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        Err(_) => false,
    }
}
