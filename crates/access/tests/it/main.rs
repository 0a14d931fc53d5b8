//! The crate as its users see it. One binary, so that it is linked once.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod authentication;
mod both_ways;
mod forgery;
mod fuzz;
mod jwks;
mod keys;
mod log;
mod scene;
mod signing;
mod support;
mod tenant_policy;
mod token_cache;
