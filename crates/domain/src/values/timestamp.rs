use std::time::{Duration, SystemTime};

/// A moment, in whole microseconds since the Unix epoch: what every database can store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the Unix epoch (before it, if negative).
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment `seconds` seconds after the Unix epoch; `None` if that is after the last moment there is.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        i64::try_from(seconds).ok()?.checked_mul(1_000_000).map(Self)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `duration` later, or the last moment there is.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How long it is from `earlier` until this moment; zero if `earlier` is in fact later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let epoch = Self(0);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => epoch.plus(since),
            Err(before) => Self(
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_234_567_999);
        assert_eq!(Timestamp::from(time), Timestamp::from_unix_micros(1_234_567));
        assert_eq!(Timestamp::from(time).as_unix_seconds(), 1);
    }

    #[test]
    fn whole_seconds_stay_what_they_are_or_are_no_moment() {
        let moment = Timestamp::from_unix_seconds(1_732_281_600).unwrap();
        assert_eq!(moment.as_unix_seconds(), 1_732_281_600);
        let last = i64::MAX.unsigned_abs() / 1_000_000;
        assert!(Timestamp::from_unix_seconds(last).is_some());
        for seconds in [last + 1, u64::MAX] {
            assert_eq!(Timestamp::from_unix_seconds(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn adding_saturates_and_differences_are_never_negative() {
        let soon = Timestamp::from_unix_micros(5);
        assert_eq!(soon.plus(Duration::MAX), Timestamp::from_unix_micros(i64::MAX));
        assert_eq!(soon.since(Timestamp::from_unix_micros(9)), Duration::ZERO);
        assert_eq!(soon.since(Timestamp::from_unix_micros(2)), Duration::from_micros(3));
    }
}
