//! Issuers whose keys come as a set (RFC 7517): the keys, and a server that does as it is told.

mod key;
mod server;

pub use key::{IssuerKey, IssuerKeyError, jwks, sign_text_with_secret};
pub use server::{Behaviour, JwksServer};
