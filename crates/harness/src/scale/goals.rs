use super::plans::Statement;
use super::site::Size;
use super::turns::{Loops, Measured};
use crate::measure::goal::Goal;
use crate::statistics::Spread;

/// How often slower than with the first size nearly all answers may be.
pub(super) const P99_RATIO: Goal = Goal::AtMost(1.3);

/// How many buffers a read may touch: an index of ten million rows has four levels at the most, and the table is
/// the fifth.
const MOST_BUFFERS_OF_A_READ: u64 = 6;

impl Measured {
    /// How many requests a size answers as fast as they come, of all rounds.
    pub(super) fn rate_of(&self, size: usize) -> Spread {
        self.of_size(size, |loops| Some(loops.closed.sent.per_second))
    }

    /// How often more requests a size answers than the first one, taken round by round.
    pub(super) fn rate_to_first(&self, size: usize) -> Spread {
        self.to_first(size, |loops| Some(loops.closed.sent.per_second))
    }

    /// How often longer nearly all answers take than with the first size, taken round by round.
    pub(super) fn p99_to_first(&self, size: usize) -> Spread {
        self.to_first(size, |loops| Some(loops.open.sent.p99?.as_secs_f64()))
    }

    /// Of all rounds.
    pub(super) fn of_size(&self, size: usize, value: impl Fn(&Loops) -> Option<f64>) -> Spread {
        Spread::of(self.rounds.iter().filter_map(|round| value(&round.of_sizes[size])))
    }

    fn to_first(&self, size: usize, value: impl Fn(&Loops) -> Option<f64>) -> Spread {
        let ratios = self.rounds.iter().filter_map(|round| {
            Some(value(&round.of_sizes[size])? / value(round.of_sizes.first()?)?)
        });
        Spread::of(ratios)
    }
}

/// Which goals are missed, each in one sentence.
pub(super) fn missed(sizes: &[(Size, Vec<Statement>)], measured: &[Measured]) -> Vec<String> {
    let mut missed = Vec::new();
    for (size, statements) in sizes {
        let chats = size.chats;
        if !statements.iter().any(Statement::reads) {
            missed.push(format!("{chats} chats: the server told the plan of no read"));
        }
        for statement in statements {
            let text = statement.in_short();
            if statement.scans_the_table {
                missed.push(format!("{chats} chats: the whole table is read by {text}"));
            }
            let buffers = statement.most_buffers;
            if statement.reads() && buffers > MOST_BUFFERS_OF_A_READ {
                missed.push(format!(
                    "{chats} chats: {buffers} buffers, more than {MOST_BUFFERS_OF_A_READ}, are touched by {text}"
                ));
            }
        }
    }
    for measured in measured {
        for (at, (size, _)) in sizes.iter().enumerate() {
            let ratio = measured.p99_to_first(at).median;
            if !P99_RATIO.is_met_by(ratio) {
                missed.push(format!(
                    "{}: the p99 with {} chats is {ratio:.2} times that of the first size, but the goal is {P99_RATIO}",
                    measured.kind, size.chats
                ));
            }
        }
    }
    missed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::turns::Round;
    use super::*;
    use crate::measure::kind::Kind;
    use crate::measure::other_load::OtherLoad;
    use crate::measure::turn::{Sent, Turn};

    #[test]
    fn all_goals_can_be_met() {
        assert_eq!(missed(&sizes(&read()), &[measured(&[(2, 2), (40, 50), (2, 2)])]), [""; 0]);
    }

    #[test]
    fn each_goal_can_be_missed() {
        let of_statement =
            |statement: Statement| missed(&sizes(&statement), &[measured(&[(2, 2)])]).concat();
        let scan = of_statement(Statement { scans_the_table: true, ..read() });
        assert!(scan.contains("the whole table is read by SELECT … WHERE id = $1"), "{scan}");
        let buffers = of_statement(Statement { most_buffers: 7, ..read() });
        assert!(buffers.contains("7 buffers"), "{buffers}");
        let no_read = of_statement(Statement { text: "INSERT INTO chat".to_owned(), ..read() });
        assert!(no_read.contains("the plan of no read"), "{no_read}");
        let slow = missed(&sizes(&read()), &[measured(&[(2, 3)])]).concat();
        assert!(slow.contains("the p99 with 20000 chats is 1.50 times"), "{slow}");
        let nothing = missed(&sizes(&read()), &[measured(&[])]);
        assert_eq!(nothing.len(), 2, "{nothing:?}");
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine was slow in the second round, for both.
        let measured = measured(&[(2, 3), (40, 40), (2, 1)]);
        let expected = Spread { least: 0.5, median: 1.0, most: 1.5 };
        assert_eq!(measured.p99_to_first(1), expected);
        let first = Spread { least: 1.0, median: 1.0, most: 1.0 };
        assert_eq!(measured.p99_to_first(0), first);
    }

    fn sizes(statement: &Statement) -> Vec<(Size, Vec<Statement>)> {
        let size =
            |chats| Size { chats, table_bytes: 0, indexes: Vec::new(), seeded_in: Duration::ZERO };
        [1_000, 20_000].map(|chats| (size(chats), vec![statement.clone()])).to_vec()
    }

    fn read() -> Statement {
        Statement {
            text: "SELECT id FROM chat WHERE id = $1".to_owned(),
            plan: Vec::new(),
            executions: 1,
            most_buffers: 6,
            scans_the_table: false,
        }
    }

    /// Of each round, the p99 of both sizes in milliseconds.
    fn measured(p99: &[(u64, u64)]) -> Measured {
        let loops = |p99| {
            let p99 = Some(Duration::from_millis(p99));
            let sent = Sent { requests: 1, per_second: 1.0, p50: None, p99 };
            let turn = Turn { sent, cpu_micros: Vec::new() };
            Loops { closed: turn.clone(), open: turn }
        };
        let rounds = p99.iter().map(|(first, second)| Round {
            of_sizes: vec![loops(*first), loops(*second)],
            other: OtherLoad::default(),
        });
        Measured { kind: Kind::Create, per_second: 1, rounds: rounds.collect() }
    }
}
