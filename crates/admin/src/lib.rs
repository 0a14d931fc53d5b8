//! The operators' listener: whether the process is alive, whether it is ready, and its figures.
//!
//! It stands apart from the API, with a listener and a thread of its own, so that it answers while the API is
//! busy or ending, and need not be reachable for the API's clients. It speaks HTTP/1.1 in the clear, knows
//! no callers, and changes nothing.
//!
//! What it tells comes from an [`Instance`], which whoever wires the process brings.

mod instance;
mod probe;
mod readiness;
mod routes;
mod server;

pub use instance::{Database, EventService, Instance};
pub use server::{Running, serve};
