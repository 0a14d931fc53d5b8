use std::future::pending;
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_domain::values::Timestamp;
use futures_util::future::BoxFuture;

/// A clock that stands still, at 2024-11-22, 13:20:00 UTC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(1_732_281_600_000_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }
}
