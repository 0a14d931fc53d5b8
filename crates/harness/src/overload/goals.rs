use super::flood::Flooded;
use super::stall::Stalled;
use crate::measure::goal::Goal;
use crate::measure::kind::Kind;
use crate::statistics::Spread;

/// How much of the peak is answered well and in time when twice as much comes.
pub(super) const GOODPUT: Goal = Goal::AtLeast(0.8);

/// How many seconds after it latency is as before.
pub(super) const RECOVERY: Goal = Goal::AtMost(2.0);

/// How often slower nearly all reads may be while writes stand still.
pub(super) const READS: Goal = Goal::AtMost(1.2);

/// How many seconds the slowest answer to a create may take: then clients give up.
pub(super) const SLOWEST_CREATE: Goal = Goal::Under(10.0);

/// How much of the peak was answered well and in time, taken round by round.
pub(super) fn goodput(rounds: &[Flooded]) -> Spread {
    Spread::of(rounds.iter().map(|it| it.flood.in_time / it.peak))
}

/// The same, at once.
pub(super) fn goodput_soon(rounds: &[Flooded]) -> Spread {
    Spread::of(rounds.iter().map(|it| it.flood.soon / it.peak))
}

/// How many seconds it took until latency was as before. If it never was, that is no number.
pub(super) fn recovery(rounds: &[Flooded]) -> Spread {
    Spread::of(rounds.iter().map(|it| it.recovered_after.map_or(f64::NAN, |it| it.as_secs_f64())))
}

/// Which goals are missed, each in one sentence.
pub(super) fn missed(flooded: &[(Kind, Vec<Flooded>)], stalled: &Stalled) -> Vec<String> {
    let mut missed = Vec::new();
    for (kind, rounds) in flooded {
        let mut check = |what: &str, value: f64, goal: Goal| {
            if !goal.is_met_by(value) {
                missed.push(format!("{kind}: {what} is {value:.2}, but the goal is {goal}"));
            }
        };
        check("what is answered in time, of the peak,", goodput(rounds).median, GOODPUT);
        check("the time until latency is as before", recovery(rounds).most, RECOVERY);
    }
    let Stalled { before, meanwhile, after } = stalled;
    for (when, tally) in [("before", before), ("meanwhile", meanwhile), ("after", after)] {
        if tally.failed_reads > 0 {
            missed.push(format!("{when}: {} reads did not find their chat", tally.failed_reads));
        }
        if tally.without_retry_after() > 0 {
            missed.push(format!("{when}: not every 503 has a Retry-After"));
        }
        let [_, slowest] = tally.p50_and_slowest_create();
        if !SLOWEST_CREATE.is_met_by(slowest.as_secs_f64()) {
            missed.push(format!("{when}: a create took {slowest:.1?}"));
        }
        let may_be_refused = when == "meanwhile";
        let is_expected = |status: &Option<u16>| match status {
            Some(200 | 201) => true,
            Some(503) => may_be_refused,
            _ => false,
        };
        if !tally.statuses().keys().all(is_expected) {
            missed.push(format!("{when}: some creates had another answer than they should"));
        }
    }
    let ratio = meanwhile.p99_to(before).median;
    if !READS.is_met_by(ratio) {
        missed.push(format!(
            "the p99 of reads is {ratio:.2} times as long while writes stand still, but the goal is {READS}"
        ));
    }
    missed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::flood::Answers;
    use super::*;
    use crate::steady_load::{Answer, Create, Tally};

    #[test]
    fn all_goals_can_be_met() {
        assert_eq!(missed(&[(Kind::Create, vec![flooded()])], &stalled()), [""; 0]);
    }

    #[test]
    fn each_goal_of_a_flood_can_be_missed() {
        let of = |flooded| missed(&[(Kind::Create, vec![flooded])], &stalled()).concat();
        let mut few = flooded();
        few.flood.in_time = 79.0;
        assert!(of(few).contains("of the peak, is 0.79"));
        let late = Flooded { recovered_after: Some(Duration::from_secs(3)), ..flooded() };
        assert!(of(late).contains("as before is 3.00"));
        let never = Flooded { recovered_after: None, ..flooded() };
        assert!(of(never).contains("as before is NaN"));
    }

    #[test]
    fn each_goal_of_a_stall_can_be_missed() {
        let missed_if = |spoil: fn(&mut Stalled)| {
            let mut stalled = stalled();
            spoil(&mut stalled);
            missed(&[], &stalled).concat()
        };
        let slow_reads = missed_if(|it| it.meanwhile.p99 = vec![millis(13)]);
        assert!(slow_reads.contains("1.30 times"), "{slow_reads}");
        let failed = missed_if(|it| it.meanwhile.failed_reads = 1);
        assert!(failed.contains("meanwhile: 1 reads"), "{failed}");
        let silent = missed_if(|it| it.meanwhile.creates[0].answer.says_when_to_retry = false);
        assert!(silent.contains("Retry-After"), "{silent}");
        let slow = missed_if(|it| it.meanwhile.creates[0].took = Duration::from_secs(10));
        assert!(slow.contains("a create took 10.0s"), "{slow}");
        let unanswered = missed_if(|it| it.meanwhile.creates[0].answer.status = None);
        assert!(unanswered.contains("another answer"), "{unanswered}");
        let refused = missed_if(|it| it.after.creates[0].answer.status = Some(503));
        assert!(refused.contains("after: some creates had another answer"), "{refused}");
    }

    fn flooded() -> Flooded {
        let answers = Answers {
            in_time: 80.0,
            soon: 80.0,
            good_p99: Duration::ZERO,
            shed: BTreeMap::new(),
            shed_p99: Duration::ZERO,
            failures: BTreeMap::new(),
            unanswered: 0,
        };
        Flooded {
            peak: 100.0,
            due_per_second: 200,
            sender_busy: 0.5,
            flood: answers,
            p99_before: Duration::ZERO,
            p99_after: Duration::ZERO,
            not_good_after: 0,
            recovered_after: Some(Duration::from_secs(1)),
        }
    }

    fn stalled() -> Stalled {
        let tally = |status| Tally {
            p50: vec![millis(1)],
            p99: vec![millis(10)],
            failed_reads: 0,
            creates: vec![Create {
                answer: Answer { status: Some(status), says_when_to_retry: true },
                took: millis(10),
            }],
        };
        Stalled { before: tally(201), meanwhile: tally(503), after: tally(201) }
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
