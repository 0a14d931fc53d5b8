use std::time::{Duration, SystemTime};

use chats_domain::ports::Clock;
use chats_domain::values::Timestamp;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::waiting::Waiting;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
    sleeping: Waiting,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: watch::Sender::new(now), sleeping: Waiting::default() }
    }

    /// Sets the clock. Sleeps that would have ended by `now` end.
    pub fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }

    /// Moves the clock on. Sleeps that would have ended by then end.
    pub fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| *now = now.plus(duration));
    }

    /// Returns once at least `sleepers` sleep: the moment to move the clock.
    pub async fn until_asleep(&self, sleepers: usize) {
        self.sleeping.until(sleepers).await;
    }
}

impl Default for ManualClock {
    /// A clock that shows 2024-11-22, 13:20:00 UTC.
    fn default() -> Self {
        Self::at(Timestamp::from_unix_micros(1_732_281_600_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = self.now().plus(duration);
        let (mut now, sleeping) = (self.now.subscribe(), self.sleeping.clone());
        Box::pin(async move {
            let _one_more = sleeping.one_more();
            // It fails only if the clock is gone, and with it all time.
            let _ = now.wait_for(|now| *now >= end).await;
        })
    }
}

/// The real time, on tokio's timers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port's adapter for tests that take real time"
    )]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
