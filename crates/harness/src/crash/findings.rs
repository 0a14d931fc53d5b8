use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::checks::{Evidence, Rule, Violation};
use super::record::{Answer, Kind, Record};

/// What came of all the trouble.
pub(crate) struct Findings {
    /// How long clients were at work, and how long it took from then until nothing was opening.
    pub(crate) lasted: Duration,
    pub(super) recovered_in: Duration,
    pub(super) longest_opening: Duration,
    /// How many chats were acknowledged, how often they were read back, and how many keys were refused.
    pub(crate) promises: usize,
    pub(super) reads: usize,
    pub(super) refused: usize,
    pub(crate) evidence: Evidence,
    pub(super) violations: Vec<Violation>,
}

const OUTCOMES: [&str; 8] = ["201", "200", "409", "422", "502", "503", "no answer", "other"];

/// Of many violations, the first tell enough.
const MOST_VIOLATIONS: usize = 10;
const MOST_RECORDS: usize = 12;

impl Findings {
    /// Whether everything held that must always hold.
    pub(crate) fn are_clean(&self) -> bool {
        self.violations.is_empty()
    }

    pub(super) fn broken_rules(&self) -> BTreeSet<Rule> {
        self.violations.iter().map(|violation| violation.rule).collect()
    }

    /// How many chats were acknowledged to a convert.
    pub(crate) fn converted(&self) -> usize {
        let posts = self.evidence.records.iter().filter_map(Record::acknowledged);
        let converts = posts.filter(|(post, ..)| post.room.is_some());
        converts.map(|(.., chat)| chat.chat_id).collect::<BTreeSet<_>>().len()
    }

    fn outcomes(&self) -> BTreeMap<Kind, BTreeMap<&'static str, usize>> {
        let mut outcomes: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for record in &self.evidence.records {
            *outcomes.entry(record.kind).or_default().entry(outcome(record)).or_default() += 1;
        }
        outcomes
    }

    fn write_requests(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:34}", "requests")?;
        for name in OUTCOMES {
            write!(f, "{name:>10}")?;
        }
        writeln!(f)?;
        for (kind, outcomes) in self.outcomes() {
            write!(f, "{:34}", kind.name())?;
            for name in OUTCOMES {
                write!(f, "{:>10}", outcomes.get(name).unwrap_or(&0))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn write_violations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{} violations", self.violations.len())?;
        for violation in self.violations.iter().take(MOST_VIOLATIONS) {
            writeln!(f, "\n{}:\n  {}", violation.rule, violation.what)?;
            let Some(scope) = &violation.scope else { continue };
            let concerns = |record: &&Record| record.scope() == Some(scope);
            for record in self.evidence.records.iter().filter(concerns).take(MOST_RECORDS) {
                writeln!(f, "    {record}")?;
            }
            let concerned = self.evidence.rows.iter().filter(|row| row.scope == *scope);
            for row in concerned {
                writeln!(f, "    {row:?}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slowest = self.evidence.records.iter().map(|record| record.span.length()).max();
        self.write_requests(f)?;
        writeln!(f, "\n{:34}{:>10}", "requests", self.evidence.records.len())?;
        writeln!(f, "{:34}{:>10}", "chats", self.evidence.rows.len())?;
        writeln!(f, "{:34}{:>10}", "rooms", self.evidence.rooms.len())?;
        writeln!(f, "{:34}{:>10}", "chats acknowledged", self.promises)?;
        writeln!(f, "{:34}{:>10}", "read back", self.reads)?;
        writeln!(f, "{:34}{:>10}", "keys refused", self.refused)?;
        let seconds = slowest.unwrap_or_default().as_secs_f64();
        writeln!(f, "{:34}{seconds:>8.1} s", "slowest answer")?;
        let seconds = self.recovered_in.as_secs_f64();
        writeln!(f, "{:34}{seconds:>8.1} s", "until nothing was opening")?;
        let seconds = self.longest_opening.as_secs_f64();
        writeln!(f, "{:34}{seconds:>8.1} s", "longest opening of a chat")?;
        if self.are_clean() {
            return writeln!(f, "\nno violation");
        }
        self.write_violations(f)
    }
}

fn outcome(record: &Record) -> &'static str {
    match &record.answer {
        Answer::Chat { status, .. } | Answer::Problem { status, .. } => {
            let status = status.to_string();
            OUTCOMES.into_iter().find(|name| *name == status).unwrap_or("other")
        }
        Answer::Broken(_) | Answer::TimedOut | Answer::Left => "no answer",
        Answer::Strange(_) => "other",
    }
}
