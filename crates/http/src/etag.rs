//! Strong entity tags (RFC 9110, section 8.8.3): equal exactly if the bytes are.

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};
use sha2::{Digest, Sha256};

/// The entity tag of a body: half of its SHA-256, which is more than enough to tell bodies apart.
pub(crate) fn of(body: &[u8]) -> EntityTag {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let (half, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    EntityTag::new_strong(format!("{:032x}", u128::from_be_bytes(*half)))
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
