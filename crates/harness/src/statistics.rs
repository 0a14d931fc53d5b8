use std::time::Duration;

/// The value that `percent` of all values do not exceed, by nearest rank. Of no values it is zero.
pub(crate) fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut values = values.to_vec();
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Some values in short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of no values it is not a number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        let median = f64::midpoint(at(last / 2), at(last.div_ceil(2)));
        Self { least: at(0), median, most: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values = millis(&[40, 10, 30, 20]);
        let percentiles = [0, 1, 25, 26, 50, 99, 100].map(|percent| percentile(&values, percent));
        assert_eq!(percentiles.to_vec(), millis(&[10, 10, 10, 20, 20, 40, 40]));
    }

    #[test]
    fn one_in_a_hundred_may_be_slower_than_the_99th_percentile() {
        let mut values = millis(&[1; 198]);
        values.extend(millis(&[500, 500]));
        assert_eq!(percentile(&values, 99), Duration::from_millis(1));
        values.push(Duration::from_millis(500));
        assert_eq!(percentile(&values, 99), Duration::from_millis(500));
    }

    #[test]
    fn of_no_values_a_percentile_is_zero() {
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_values() {
        let spread = Spread::of([3.0, 9.0, 1.0]);
        assert_eq!(spread, Spread { least: 1.0, median: 3.0, most: 9.0 });
        let spread = Spread::of([3.0, 9.0, 1.0, 4.0]);
        assert_eq!(spread, Spread { least: 1.0, median: 3.5, most: 9.0 });
    }

    fn millis(values: &[u64]) -> Vec<Duration> {
        values.iter().copied().map(Duration::from_millis).collect()
    }
}
