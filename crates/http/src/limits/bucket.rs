use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;

use super::Quota;

/// A bucket for each key. The full ones are forgotten, for they are as good as new.
pub(super) struct Bucket<K: Hash + Eq + Clone, C: Clock> {
    limiter: RateLimiter<K, HashMapStateStore<K>, C, StateInformationMiddleware>,
    time_per_token: Duration,
    /// How many keys there are when the full buckets are looked for next.
    crowded_at: AtomicUsize,
}

/// How a key stands once a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many requests may still come at once.
    pub(super) left: u32,
    /// In how many seconds no more than these are within the quota; if there are none, until there is one.
    pub(super) seconds: u64,
    pub(super) is_refused: bool,
}

/// With fewer keys than these nobody looks for full buckets.
const FEW_KEYS: usize = 1024;

impl<K: Hash + Eq + Clone, C: Clock> Bucket<K, C> {
    pub(super) fn new(quota: Quota, clock: C) -> Self {
        Self {
            limiter: RateLimiter::new(quota.tokens(), HashMapStateStore::default(), clock),
            time_per_token: quota.tokens().replenish_interval(),
            crowded_at: AtomicUsize::new(FEW_KEYS),
        }
    }

    /// Takes a token from the key's bucket, if there is one.
    pub(super) fn take(&self, key: &K) -> Standing {
        self.forget_full_ones();
        match self.limiter.check_key(key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let refill = self.time_per_token.saturating_mul(left.max(1));
                Standing { left, seconds: whole_seconds(refill), is_refused: false }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                Standing { left: 0, seconds: whole_seconds(wait), is_refused: true }
            }
        }
    }

    /// Keeps the memory in proportion to the keys in use: the more there are, the rarer this is done.
    fn forget_full_ones(&self) {
        if self.limiter.len() < self.crowded_at.load(Ordering::Relaxed) {
            return;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.crowded_at.store(FEW_KEYS.max(2 * self.limiter.len()), Ordering::Relaxed);
    }
}

/// The time in seconds, at least one, so that nobody comes too early.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    let begun = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(begun).max(1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::thread;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn bucket(requests: u32, clock: &FakeRelativeClock) -> Bucket<u32, FakeRelativeClock> {
        let requests = NonZeroU32::new(requests).unwrap();
        Bucket::new(Quota::new(requests, Duration::from_secs(1)).unwrap(), clock.clone())
    }

    #[test]
    fn of_many_requests_at_once_the_burst_is_let_in_and_no_more() {
        let bucket = bucket(1_000, &FakeRelativeClock::default());
        let let_in = || (0..500).filter(|_| !bucket.take(&7).is_refused).count();
        let all: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(let_in)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(all, 1_000);
    }

    #[test]
    fn full_buckets_are_forgotten_and_the_others_kept() {
        let clock = FakeRelativeClock::default();
        let bucket = bucket(1, &clock);
        for key in 0..100_000 {
            clock.advance(Duration::from_millis(1));
            assert!(!bucket.take(&key).is_refused);
            assert!(bucket.limiter.len() < 5_000, "those of the last seconds, twice");
        }
        let recent = 100_000 - 900;
        assert!(bucket.take(&recent).is_refused);
    }

    #[test]
    fn seconds_are_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}
