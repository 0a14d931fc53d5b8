//! The embedded event service, seen through a socket.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what fails a test may panic")]

mod access;
mod bodies;
mod events;
mod faults;
mod harness;
mod idempotency;
mod reading_and_changing;
mod rooms;
mod running;
mod storage;
