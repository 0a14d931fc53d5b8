use std::num::NonZeroU32;
use std::time::Duration;

/// A token bucket: it holds `requests` tokens and fills evenly within `per`. So many requests may come at
/// once, and `requests` in each `per` in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    per: Duration,
    tokens: governor::Quota,
}

/// Why a quota is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuota {
    /// Answers tell quotas in whole seconds, and they are forgotten when the process ends.
    #[error("is not per 1 second to 1 day")]
    Period,
    /// Time is counted in nanoseconds.
    #[error("allows more than a thousand million requests a second")]
    TooMany,
}

const SHORTEST_PERIOD: Duration = Duration::from_secs(1);
const LONGEST_PERIOD: Duration = Duration::from_hours(24);

impl Quota {
    /// A quota of `requests` in each `per`, which is between a second and a day.
    pub fn new(requests: NonZeroU32, per: Duration) -> Result<Self, InvalidQuota> {
        if !(SHORTEST_PERIOD..=LONGEST_PERIOD).contains(&per) {
            return Err(InvalidQuota::Period);
        }
        let tokens = governor::Quota::with_period(per / requests.get());
        let tokens = tokens.ok_or(InvalidQuota::TooMany)?.allow_burst(requests);
        Ok(Self { per, tokens })
    }

    pub(super) fn requests(self) -> NonZeroU32 {
        self.tokens.burst_size()
    }

    pub(super) fn per(self) -> Duration {
        self.per
    }

    pub(super) fn tokens(self) -> governor::Quota {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_per_a_second_to_a_day() {
        let quota = |per| Quota::new(NonZeroU32::MIN, per);
        assert!(quota(SHORTEST_PERIOD).is_ok() && quota(LONGEST_PERIOD).is_ok());
        for per in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
            assert_eq!(quota(per), Err(InvalidQuota::Period));
        }
    }

    #[test]
    fn a_quota_can_be_counted_in_nanoseconds() {
        let quota = |requests| Quota::new(NonZeroU32::new(requests).unwrap(), SHORTEST_PERIOD);
        assert!(quota(1_000_000_000).is_ok());
        assert_eq!(quota(1_000_000_001), Err(InvalidQuota::TooMany));
    }
}
