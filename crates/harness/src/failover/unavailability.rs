use std::time::Duration;

use super::Failover;
use crate::crash::record::{Kind, Record};

/// How long each instance acknowledged no create: from the kill of the primary to the first answer to a
/// create that was sent later.
///
/// An instance that acknowledges none before the next kill counts until then.
pub(super) fn of(
    failovers: &[Failover],
    records: &[Record],
    instances: usize,
    end: Duration,
) -> Vec<Duration> {
    let ends = failovers.iter().skip(1).map(|it| it.killed).chain([end]);
    let spans = failovers.iter().map(|it| it.killed).zip(ends);
    let each = |(from, until)| (0..instances).map(move |it| (from, until, it));
    spans
        .flat_map(each)
        .map(|(from, until, it)| first(records, it, from).min(until).saturating_sub(from))
        .collect()
}

fn first(records: &[Record], instance: usize, from: Duration) -> Duration {
    let creates = records
        .iter()
        .filter(|it| it.instance == instance && it.kind == Kind::Create && it.span.from >= from);
    let acknowledged = creates.filter(|it| it.acknowledged().is_some());
    acknowledged.map(|it| it.span.until).min().unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::checks::sample::{acknowledged, asked, chat, post, problem, seconds};

    fn failover(killed: u64) -> Failover {
        let [killed, promoted, restored] =
            [killed, killed + 1, killed + 2].map(Duration::from_secs);
        Failover { killed, promoted, restored }
    }

    fn create(instance: usize, from: u64, until: u64, succeeds: bool) -> Record {
        let answer = if succeeds {
            acknowledged(201, chat(1, "a"))
        } else {
            problem(503, "database_unavailable")
        };
        Record {
            instance,
            kind: Kind::Create,
            span: seconds(from, until),
            ..asked(post("a"), answer)
        }
    }

    #[test]
    fn it_lasts_until_a_create_that_was_sent_after_the_kill_is_acknowledged() {
        let records = [
            create(0, 9, 11, true),
            create(0, 11, 12, false),
            create(0, 12, 13, true),
            create(0, 13, 14, true),
            create(1, 10, 12, true),
        ];
        let lasted = of(&[failover(10)], &records, 2, Duration::from_secs(30));
        assert_eq!(lasted, [3, 2].map(Duration::from_secs));
    }

    #[test]
    fn an_instance_that_does_not_come_back_counts_until_the_next_kill_or_the_end() {
        let lasted = of(&[failover(10), failover(15)], &[], 1, Duration::from_secs(30));
        assert_eq!(lasted, [5, 15].map(Duration::from_secs));
    }
}
