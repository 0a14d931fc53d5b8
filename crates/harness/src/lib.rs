//! The service as real processes: what breaks it, how it bears it, and how fast it is.
//!
//! * [`bench`](mod@bench): how fast it is, measured against what the machine can do at all.
//! * [`crash`]: everything is killed at random, while clients go on; then comes what must always hold.
//! * [`failover`]: the primary dies and its standby takes its place, again and again.
//! * [`outage`]: the event service goes away, and reads are as fast as before, while creates fail fast.
//! * [`overload`]: more comes than can be answered, and writes stand still.
//! * [`scale`]: what ten million chats cost, compared with ten thousand.
//!
//! Nothing here knows the service from inside, but for how tokens are signed: it is a program, spoken to
//! over HTTP, and its database is read with plain SQL.

pub mod bench;
pub mod crash;
mod deployment;
pub mod failover;
mod measure;
pub mod outage;
pub mod overload;
pub mod scale;
mod statistics;
mod steady_load;

pub use deployment::{DatabaseKind, IdempotencyKeys};
