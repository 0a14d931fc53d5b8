use std::collections::BTreeMap;
use std::time::Duration;

use super::{Create, Outcome};
use crate::statistics::{Spread, percentile};

/// What came of several loads, such as those of all rounds under one condition.
#[derive(Default)]
pub(crate) struct Tally {
    /// Of each round, what half of its reads took at the most, and what nearly all did.
    pub(crate) p50: Vec<Duration>,
    pub(crate) p99: Vec<Duration>,
    pub(crate) failed_reads: usize,
    pub(crate) creates: Vec<Create>,
}

impl Tally {
    /// Adds a round.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.p50.push(percentile(&outcome.reads, 50));
        self.p99.push(percentile(&outcome.reads, 99));
        self.failed_reads += outcome.failed_reads;
        self.creates.extend(outcome.creates);
    }

    /// How often slower this p99 is than the other one, of the same round.
    pub(crate) fn p99_to(&self, other: &Self) -> Spread {
        let pairs = self.p99.iter().zip(&other.p99);
        Spread::of(pairs.map(|(ours, theirs)| ours.div_duration_f64(*theirs)))
    }

    /// How many creates had which status; `None` is no answer.
    pub(crate) fn statuses(&self) -> BTreeMap<Option<u16>, usize> {
        let mut statuses = BTreeMap::new();
        for create in &self.creates {
            *statuses.entry(create.answer.status).or_default() += 1;
        }
        statuses
    }

    /// How many creates were told to come again, but not when.
    pub(crate) fn without_retry_after(&self) -> usize {
        let is_without = |create: &&Create| {
            create.answer.status == Some(503) && !create.answer.says_when_to_retry
        };
        self.creates.iter().filter(is_without).count()
    }

    /// What half of the creates took at the most, and what all did.
    pub(crate) fn p50_and_slowest_create(&self) -> [Duration; 2] {
        let took: Vec<_> = self.creates.iter().map(|create| create.took).collect();
        [50, 100].map(|percent| percentile(&took, percent))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Answer;
    use super::*;

    #[test]
    fn rounds_are_compared_in_pairs() {
        // The machine was slow in the second round, for both.
        let (healthy, hanging) = (tally(&[2, 40, 2]), tally(&[3, 40, 1]));
        let ratio = hanging.p99_to(&healthy);
        assert_eq!(ratio, Spread { least: 0.5, median: 1.0, most: 1.5 });
    }

    #[test]
    fn a_503_wants_to_say_when_to_come_again() {
        let create = |status, says_when_to_retry| Create {
            answer: Answer { status, says_when_to_retry },
            took: Duration::from_millis(1),
        };
        let tally = Tally {
            creates: vec![
                create(Some(201), false),
                create(Some(503), true),
                create(Some(503), false),
                create(None, false),
            ],
            ..Tally::default()
        };
        assert_eq!(tally.without_retry_after(), 1);
        let statuses = [(None, 1), (Some(201), 1), (Some(503), 2)];
        assert_eq!(tally.statuses(), BTreeMap::from(statuses));
    }

    fn tally(p99: &[u64]) -> Tally {
        let p99 = p99.iter().copied().map(Duration::from_millis).collect();
        Tally { p99, ..Tally::default() }
    }
}
