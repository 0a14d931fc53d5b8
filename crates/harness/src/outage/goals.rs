use super::Tallies;
use super::condition::Condition;

/// How often slower reads may be while the event service is down.
const LARGEST_P99_RATIO: f64 = 1.2;

/// What the database says when all is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leftovers {
    /// Chats that are still opening, though the event service is back.
    pub(super) opening: usize,
    /// Chats of creates that could not reach the event service at all.
    pub(super) of_closed_port: usize,
}

/// Which goals are missed, each in one sentence.
pub(super) fn missed(tallies: &Tallies, leftovers: Leftovers) -> Vec<String> {
    let mut missed = Vec::new();
    let healthy = &tallies[&Condition::Healthy];
    for (condition, tally) in tallies {
        let name = condition.name();
        let ratio = tally.p99_to(healthy).median;
        // If there is no ratio, it is a miss too.
        if ratio.is_nan() || ratio > LARGEST_P99_RATIO {
            missed.push(format!(
                "{name}: the p99 of reads is {ratio:.2} times the healthy one, over {LARGEST_P99_RATIO}"
            ));
        }
        if tally.failed_reads > 0 {
            missed.push(format!("{name}: {} reads did not find their chat", tally.failed_reads));
        }
        let status = condition.status_of_creates();
        if tally.statuses().into_keys().ne([Some(status)]) {
            missed.push(format!("{name}: not every create was answered {status}"));
        }
        if tally.without_retry_after() > 0 {
            missed.push(format!("{name}: not every 503 has a Retry-After"));
        }
        let ([_, slowest], longest) = (tally.p50_and_slowest_create(), condition.longest_create());
        if slowest >= longest {
            missed.push(format!("{name}: a create took {slowest:.1?}, not under {longest:?}"));
        }
    }
    let Leftovers { opening, of_closed_port } = leftovers;
    if opening > 0 {
        missed.push(format!("{opening} chats are still opening, though the event service is back"));
    }
    if of_closed_port > 0 {
        missed.push(format!("{of_closed_port} chats were left by creates that sent nothing"));
    }
    missed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::steady_load::{Answer, Create, Tally};

    const CLEAN: Leftovers = Leftovers { opening: 0, of_closed_port: 0 };

    #[test]
    fn all_goals_can_be_met() {
        assert_eq!(missed(&good(), CLEAN), [""; 0]);
    }

    #[test]
    fn each_goal_can_be_missed() {
        assert_missed(|tallies| of(tallies, Condition::Hanging).p99 = vec![millis(125)], "1.25");
        assert_missed(|tallies| of(tallies, Condition::Healthy).p99.clear(), "p99");
        assert_missed(|tallies| of(tallies, Condition::Hanging).failed_reads = 1, "1 reads");
        assert_missed(
            |tallies| of(tallies, Condition::PortClosed).creates.push(create(201, 1)),
            "port closed: not every create was answered 503",
        );
        assert_missed(
            |tallies| of(tallies, Condition::Hanging).creates[0].answer.says_when_to_retry = false,
            "hanging: not every 503 has a Retry-After",
        );
        assert_missed(
            |tallies| of(tallies, Condition::PortClosed).creates.push(create(503, 1_000)),
            "port closed: a create took 1.0s, not under 1s",
        );
        assert_missed(
            |tallies| of(tallies, Condition::Hanging).creates.push(create(503, 10_000)),
            "hanging: a create took 10.0s, not under 10s",
        );
        for leftovers in
            [Leftovers { opening: 1, ..CLEAN }, Leftovers { of_closed_port: 1, ..CLEAN }]
        {
            assert_eq!(missed(&good(), leftovers).len(), 1, "{leftovers:?}");
        }
    }

    fn assert_missed(spoil: impl FnOnce(&mut Tallies), what: &str) {
        let mut tallies = good();
        spoil(&mut tallies);
        let missed = missed(&tallies, CLEAN);
        assert!(missed.iter().any(|goal| goal.contains(what)), "{what:?} in {missed:?}");
    }

    fn good() -> Tallies {
        let tally = |status, took| Tally {
            p50: vec![millis(50)],
            p99: vec![millis(100)],
            failed_reads: 0,
            creates: vec![create(status, took)],
        };
        Tallies::from([
            (Condition::Healthy, tally(201, 10)),
            (Condition::PortClosed, tally(503, 999)),
            (Condition::Hanging, tally(503, 9_999)),
        ])
    }

    fn of(tallies: &mut Tallies, condition: Condition) -> &mut Tally {
        tallies.get_mut(&condition).unwrap()
    }

    fn create(status: u16, took: u64) -> Create {
        let answer = Answer { status: Some(status), says_when_to_retry: status == 503 };
        Create { answer, took: millis(took) }
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
