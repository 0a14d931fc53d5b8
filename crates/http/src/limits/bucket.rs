use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;

use super::Quota;
use super::keys::{Keys, MAX_KEYS};

/// A bucket for each key. The full ones are forgotten, for they are as good as new.
pub(super) struct Bucket<K: Hash + Eq + Clone, C: Clock> {
    limiter: RateLimiter<K, Keys<K>, C, StateInformationMiddleware>,
    keys: Keys<K>,
    time_per_token: Duration,
    takes: AtomicUsize,
    /// How many keys there are when the full buckets are looked for next. Who holds it is looking.
    crowded_at: Mutex<usize>,
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

/// How many tokens are taken between two looks at how many keys there are.
const TAKES_PER_LOOK: usize = 256;

impl<K: Hash + Eq + Clone, C: Clock> Bucket<K, C> {
    pub(super) fn new(quota: Quota, clock: C) -> Self {
        let keys = Keys::default();
        Self {
            limiter: RateLimiter::new(quota.tokens(), keys.clone(), clock),
            keys,
            time_per_token: quota.tokens().replenish_interval(),
            takes: AtomicUsize::new(0),
            crowded_at: Mutex::new(FEW_KEYS),
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

    /// Gives back a token that was taken just now.
    pub(super) fn give_back(&self, key: &K) {
        self.keys.advance(key, self.time_per_token.into());
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.limiter.len()
    }

    /// Keeps the memory in proportion to the keys in use: the more there are, the rarer this is done, and
    /// by one thread at a time.
    fn forget_full_ones(&self) {
        if !self.takes.fetch_add(1, Ordering::Relaxed).is_multiple_of(TAKES_PER_LOOK) {
            return;
        }
        let Ok(mut crowded_at) = self.crowded_at.try_lock() else {
            return;
        };
        if self.limiter.len() < *crowded_at {
            return;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        *crowded_at = (2 * self.limiter.len()).clamp(FEW_KEYS, MAX_KEYS);
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
            assert!(bucket.len() < 5_000, "those of the last seconds, twice");
        }
        let recent = 100_000 - 900;
        assert!(bucket.take(&recent).is_refused);
    }

    #[test]
    fn there_are_no_more_keys_than_fit_and_the_rest_is_let_in() {
        let clock = FakeRelativeClock::default();
        let bucket = bucket(1, &clock);
        let keys = u32::try_from(MAX_KEYS).unwrap();
        for key in 0..keys + 10_000 {
            assert!(!bucket.take(&key).is_refused);
        }
        assert_eq!(bucket.len(), MAX_KEYS);
        assert!(bucket.take(&0).is_refused, "who is known is counted");
        for _ in 0..10 {
            assert!(!bucket.take(&keys).is_refused, "who is not is not");
        }

        // Once the buckets are full again, there is room for others.
        clock.advance(Duration::from_secs(10));
        for _ in 0..TAKES_PER_LOOK {
            bucket.take(&keys);
        }
        assert!(bucket.take(&keys).is_refused);
        assert_eq!(bucket.len(), 1);
    }

    #[test]
    fn a_token_that_is_given_back_can_be_taken_again() {
        let clock = FakeRelativeClock::default();
        let bucket = bucket(3, &clock);
        let first = bucket.take(&7);
        for _ in 0..10 {
            bucket.give_back(&7);
            assert_eq!(bucket.take(&7), first);
        }
        assert_eq!((bucket.take(&7).left, bucket.take(&7).left), (1, 0));
        assert!(bucket.take(&7).is_refused);
        bucket.give_back(&8);
        assert_eq!(bucket.len(), 1, "of whom nothing is known, nothing is remembered");
    }

    #[test]
    fn tokens_that_are_given_back_by_many_threads_are_neither_lost_nor_more() {
        let bucket = bucket(100, &FakeRelativeClock::default());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        assert!(!bucket.take(&7).is_refused);
                        bucket.give_back(&7);
                    }
                });
            }
        });
        assert_eq!((0..500).filter(|_| !bucket.take(&7).is_refused).count(), 100);
    }

    #[test]
    fn seconds_are_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}
