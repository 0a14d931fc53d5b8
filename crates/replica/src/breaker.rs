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

/// That a caller was let through, and what was known of rests then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass(i64);

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self { rests_until: AtomicI64::new(WELL) }
    }

    /// Lets a caller ask, or does not. Of those who come when a rest is over, one may.
    pub(crate) fn let_through(&self, now: Timestamp) -> Option<Pass> {
        let until = self.rests_until.load(Ordering::Relaxed);
        if until == WELL {
            return Some(Pass(WELL));
        }
        let next = after_a_rest(now);
        // A clock that was set back would let it rest for as long.
        let rests = now.as_unix_micros() < until && until <= next;
        (!rests && self.swap_if(until, next)).then_some(Pass(next))
    }

    /// Notes a failure. Returns whether all was well before.
    pub(crate) fn failed(&self, now: Timestamp) -> bool {
        self.rests_until.swap(after_a_rest(now), Ordering::Relaxed) == WELL
    }

    /// Notes an answer. Returns whether it ends the trouble: who was let through before the last failure
    /// has nothing to say about what came after.
    pub(crate) fn answered(&self, Pass(since): Pass) -> bool {
        since != WELL && self.swap_if(since, WELL)
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
        let passes = [NOW, NOW].map(|now| breaker.let_through(now).unwrap());
        assert!(passes.into_iter().all(|pass| !breaker.answered(pass)));
    }

    #[test]
    fn what_failed_is_left_alone_and_then_asked_by_one_at_a_time() {
        let breaker = Breaker::new();
        assert!(breaker.failed(NOW), "it is the first to find out");
        assert!(!breaker.failed(NOW));
        assert!(breaker.let_through(NOW.plus(REST / 2)).is_none());

        let later = NOW.plus(REST);
        assert!(breaker.let_through(later).is_some());
        assert!(breaker.let_through(later).is_none(), "one has just gone");
        let trial = breaker.let_through(later.plus(REST)).expect("nothing was heard of the first");
        assert!(breaker.answered(trial), "it is the first to find out");
        assert!(breaker.let_through(later).is_some() && breaker.let_through(later).is_some());
    }

    #[test]
    fn only_who_was_let_through_after_the_last_failure_ends_a_rest() {
        let breaker = Breaker::new();
        let before = breaker.let_through(NOW).unwrap();
        breaker.failed(NOW);
        assert!(!breaker.answered(before));
        assert!(breaker.let_through(NOW).is_none());

        let later = NOW.plus(REST);
        let trial = breaker.let_through(later).unwrap();
        breaker.failed(later.plus(REST / 2));
        assert!(!breaker.answered(trial));
        assert!(breaker.let_through(later.plus(REST)).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_no_rest() {
        let breaker = Breaker::new();
        breaker.failed(NOW.plus(Duration::from_hours(1)));
        assert!(breaker.let_through(NOW).is_some());
        assert!(breaker.let_through(NOW).is_none());
    }
}
