use std::time::Duration;

use crate::measure::other_load::OtherLoad;
use crate::measure::turn::Turn;
use crate::statistics::Spread;

/// The turns of the limit and of the service, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// What is the limit, and how fast it is. Nothing limits a measurement for itself.
    pub(super) limit: Option<(&'static str, Turn)>,
    pub(super) service: Turn,
    pub(super) other: OtherLoad,
}

/// All rounds of a measurement.
#[derive(Debug, Clone, Default)]
pub(super) struct Rounds(pub(super) Vec<Round>);

/// Rounds whose limits differ by more than this share of their median tell of the machine.
const LARGEST_DISAGREEMENT: f64 = 0.15;

impl Rounds {
    pub(super) fn per_second(&self) -> Spread {
        Spread::of(self.0.iter().map(|round| round.service.sent.per_second))
    }

    pub(super) fn limit_per_second(&self) -> Option<Spread> {
        let limits: Option<Vec<_>> =
            self.0.iter().map(|round| Some(round.limit.as_ref()?.1.sent.per_second)).collect();
        limits.map(Spread::of)
    }

    /// What the limits are, each once.
    pub(super) fn limits(&self) -> String {
        let mut names: Vec<_> =
            self.0.iter().filter_map(|round| Some(round.limit.as_ref()?.0)).collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }

    /// How much of the limit the service reached, taken round by round.
    pub(super) fn ratio(&self) -> Spread {
        self.of_pairs(|limit, service| service.sent.per_second / limit.sent.per_second)
    }

    /// How often slower the slowest of a hundred answers is than at the limit.
    pub(super) fn p99_ratio(&self) -> Spread {
        self.of_pairs(|limit, service| quotient(service.sent.p99, limit.sent.p99))
    }

    /// How often slower half of the answers are than at the limit.
    pub(super) fn p50_ratio(&self) -> Spread {
        self.of_pairs(|limit, service| quotient(service.sent.p50, limit.sent.p50))
    }

    /// The median of the rounds, in milliseconds.
    pub(super) fn p50_millis(&self) -> Option<f64> {
        self.millis(|turn| turn.sent.p50)
    }

    pub(super) fn p99_millis(&self) -> Option<f64> {
        self.millis(|turn| turn.sent.p99)
    }

    /// The median of the processor time that each part takes for a request.
    pub(super) fn cpu_micros(&self) -> Vec<(&'static str, f64)> {
        median_cpu(&self.0.iter().map(|round| &round.service).collect::<Vec<_>>())
    }

    pub(super) fn limit_cpu_micros(&self) -> Vec<(&'static str, f64)> {
        let limits = self.0.iter().filter_map(|round| Some(&round.limit.as_ref()?.1));
        median_cpu(&limits.collect::<Vec<_>>())
    }

    /// Whether the limit, which does the same each time, was not the same.
    pub(super) fn disagree(&self) -> bool {
        let measured = self.limit_per_second().unwrap_or_else(|| self.per_second());
        (measured.most - measured.least) / measured.median > LARGEST_DISAGREEMENT
    }

    fn of_pairs(&self, compare: impl Fn(&Turn, &Turn) -> f64) -> Spread {
        let pairs = self.0.iter().filter_map(|round| {
            let (_, limit) = round.limit.as_ref()?;
            Some(compare(limit, &round.service))
        });
        Spread::of(pairs)
    }

    fn millis(&self, of: impl Fn(&Turn) -> Option<Duration>) -> Option<f64> {
        let all: Option<Vec<_>> =
            self.0.iter().map(|round| Some(of(&round.service)?.as_secs_f64() * 1e3)).collect();
        all.map(|all| Spread::of(all).median)
    }
}

fn quotient(ours: Option<Duration>, theirs: Option<Duration>) -> f64 {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours.div_duration_f64(theirs),
        _ => f64::NAN,
    }
}

/// Of each part, in the order in which the first turn has them.
fn median_cpu(turns: &[&Turn]) -> Vec<(&'static str, f64)> {
    let Some(first) = turns.first() else { return Vec::new() };
    let parts = first.cpu_micros.iter().map(|(name, _)| *name);
    let of_part = |name| {
        let values = turns.iter().flat_map(|turn| &turn.cpu_micros);
        Spread::of(values.filter(|(it, _)| *it == name).map(|(_, micros)| *micros)).median
    };
    parts.map(|name| (name, of_part(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::turn::Sent;

    #[test]
    fn the_ratio_is_taken_round_by_round() {
        // The machine was slow in the second round, for both.
        let rounds = rounds(&[(100.0, 80.0), (10.0, 9.0), (100.0, 85.0)]);
        assert_eq!(rounds.ratio(), Spread { least: 0.8, median: 0.85, most: 0.9 });
        assert!(rounds.disagree());
        assert_eq!(rounds.limits(), "the limit");
    }

    #[test]
    fn rounds_agree_whose_limit_is_nearly_the_same() {
        // The service's own turns may differ: that is what is measured.
        assert!(!self::rounds(&[(100.0, 80.0), (107.0, 20.0), (93.0, 99.0)]).disagree());
    }

    #[test]
    fn what_a_tool_does_not_tell_is_no_number() {
        let mut rounds = rounds(&[(100.0, 80.0)]);
        assert!((rounds.p99_ratio().median - 2.0).abs() < 1e-9);
        if let Some((_, limit)) = &mut rounds.0[0].limit {
            limit.sent.p99 = None;
        }
        assert!(rounds.p99_ratio().median.is_nan());
    }

    #[test]
    fn processor_time_is_told_of_each_part() {
        let rounds = rounds(&[(100.0, 80.0), (100.0, 80.0)]);
        assert_eq!(rounds.cpu_micros(), [("service", 20.0)]);
        assert_eq!(rounds.limit_cpu_micros(), [("service", 10.0)]);
    }

    fn rounds(pairs: &[(f64, f64)]) -> Rounds {
        let rounds = pairs.iter().map(|(limit, service)| Round {
            limit: Some(("the limit", turn(*limit, 10.0))),
            service: turn(*service, 20.0),
            other: OtherLoad::default(),
        });
        Rounds(rounds.collect())
    }

    fn turn(per_second: f64, micros: f64) -> Turn {
        let [p50, p99] =
            [1.0, 5.0].map(|times| Some(Duration::from_secs_f64(times * micros / 1e6)));
        let sent = Sent { requests: 100, per_second, p50, p99 };
        Turn { sent, cpu_micros: vec![("service", micros)] }
    }
}
