//! The service as real processes: what breaks it, and how it bears it.
//!
//! * [`crash`]: everything is killed at random, while clients go on; then comes what must always hold.
//! * [`outage`]: the event service goes away, and reads are as fast as before, while creates fail fast.
//!
//! Nothing here knows the service from inside, but for how tokens are signed: it is a program, spoken to
//! over HTTP, and its database is read with plain SQL.

pub mod crash;
mod deployment;
pub mod outage;

pub use deployment::{DatabaseKind, IdempotencyKeys};
