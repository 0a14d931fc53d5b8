use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chats_domain::values::Timestamp;

/// For how long a replica that failed is left alone.
pub const REST: Duration = Duration::from_secs(5);

/// A circuit breaker: what failed is left alone for a while, and then tried by one caller.
pub(crate) struct Breaker {
    /// In microseconds since the Unix epoch, or `WELL`.
    rests_until: AtomicI64,
}

const WELL: i64 = i64::MIN;

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self { rests_until: AtomicI64::new(WELL) }
    }

    /// Whether this caller may ask. Of those who come when a rest is over, one may.
    pub(crate) fn lets_through(&self, now: Timestamp) -> bool {
        let until = self.rests_until.load(Ordering::Relaxed);
        if until == WELL {
            return true;
        }
        let next = after_a_rest(now);
        // A clock that was set back would let it rest for as long.
        let rests = now.as_unix_micros() < until && until <= next;
        !rests && self.swap_if(until, next)
    }

    /// Notes a failure. Returns whether all was well before.
    pub(crate) fn failed(&self, now: Timestamp) -> bool {
        self.rests_until.swap(after_a_rest(now), Ordering::Relaxed) == WELL
    }

    /// Notes an answer. Returns whether there was a failure before.
    pub(crate) fn answered(&self) -> bool {
        let until = self.rests_until.load(Ordering::Relaxed);
        until != WELL && self.swap_if(until, WELL)
    }

    fn swap_if(&self, before: i64, after: i64) -> bool {
        let swapped =
            self.rests_until.compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed);
        swapped.is_ok()
    }
}

fn after_a_rest(now: Timestamp) -> i64 {
    now.plus(REST).as_unix_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_micros(1_732_281_600_000_000);

    #[test]
    fn what_is_well_is_asked_by_everybody() {
        let breaker = Breaker::new();
        assert!(breaker.lets_through(NOW) && breaker.lets_through(NOW));
        assert!(!breaker.answered());
    }

    #[test]
    fn what_failed_is_left_alone_and_then_asked_by_one_at_a_time() {
        let breaker = Breaker::new();
        assert!(breaker.failed(NOW), "it is the first to find out");
        assert!(!breaker.failed(NOW));
        assert!(!breaker.lets_through(NOW.plus(REST / 2)));

        let later = NOW.plus(REST);
        assert!(breaker.lets_through(later));
        assert!(!breaker.lets_through(later), "one has just gone");
        assert!(breaker.lets_through(later.plus(REST)), "of whom nothing was heard");
        assert!(breaker.answered(), "it is the first to find out");
        assert!(breaker.lets_through(later) && breaker.lets_through(later));
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_no_rest() {
        let breaker = Breaker::new();
        breaker.failed(NOW.plus(Duration::from_hours(1)));
        assert!(breaker.lets_through(NOW));
        assert!(!breaker.lets_through(NOW));
    }
}
