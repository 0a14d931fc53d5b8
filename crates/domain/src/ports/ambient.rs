use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::values::{ChatId, Timestamp};

/// Time, as an argument: tests and simulations decide what it is.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time of day. All instances of a deployment are to agree on it within a fraction of a lease.
    fn now(&self) -> Timestamp;

    /// A future that is ready after `duration`, which counts from this call, by a clock that nobody sets.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The identifiers of chats to come.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ChatIds: Send + Sync {
    /// An identifier that no chat has had: a UUID of version 7 (RFC 9562).
    fn next(&self) -> ChatId;
}
