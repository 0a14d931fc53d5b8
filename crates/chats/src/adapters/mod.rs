//! Adapters too small for a crate of their own.

mod clock;
mod ids;
mod tokens;

pub(crate) use clock::SystemClock;
pub(crate) use ids::Uuid7;
pub(crate) use tokens::IdentityTokens;
