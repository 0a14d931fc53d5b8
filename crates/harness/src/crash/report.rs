use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Plan;
use super::checks::{Evidence, Rule, Violation};
use super::record::{Answer, Kind, Record};

/// What was done, and what came of it.
pub struct Report {
    pub(super) plan: Plan,
    pub(super) kills: BTreeMap<&'static str, u32>,
    pub(super) faults: usize,
    /// How long clients were at work, and how long it took from then until nothing was opening.
    pub(super) lasted: Duration,
    pub(super) recovered_in: Duration,
    pub(super) longest_opening: Duration,
    /// How many chats were acknowledged, how often they were read back, and how many keys were refused.
    pub(super) promises: usize,
    pub(super) reads: usize,
    pub(super) refused: usize,
    pub(super) evidence: Evidence,
    pub(super) violations: Vec<Violation>,
    /// Where the logs are, if they were kept.
    pub(super) kept: Option<PathBuf>,
}

const OUTCOMES: [&str; 8] = ["201", "200", "409", "422", "502", "503", "no answer", "other"];

/// Of many violations, the first tell enough.
const MOST_VIOLATIONS: usize = 10;
const MOST_RECORDS: usize = 12;

impl Report {
    /// Whether everything held that must always hold.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// Which rules were broken.
    #[must_use]
    pub fn broken_rules(&self) -> BTreeSet<Rule> {
        self.violations.iter().map(|violation| violation.rule).collect()
    }

    /// How often a part of this kind was killed: an `instance`, the `database`, the `event service`.
    #[must_use]
    pub fn kills_of(&self, kind: &str) -> u32 {
        self.kills.get(kind).copied().unwrap_or(0)
    }

    /// How many chats were acknowledged, by a `201` or a `200`.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.promises
    }

    /// How many of them were acknowledged to a convert.
    #[must_use]
    pub fn converted(&self) -> usize {
        let posts = self.evidence.records.iter().filter_map(Record::acknowledged);
        let converts = posts.filter(|(post, ..)| post.room.is_some());
        converts.map(|(.., chat)| chat.chat_id).collect::<BTreeSet<_>>().len()
    }

    /// How many keys were asked for, each time in vain.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    fn kills(&self) -> u32 {
        self.kills.values().sum()
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
        writeln!(f, "\n{} violations, with the seed {}", self.violations.len(), self.plan.seed)?;
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { database, instances, clients, cycles, seed, .. } = &self.plan;
        let slowest = self.evidence.records.iter().map(|record| record.span.length()).max();
        writeln!(f, "{database}; instances: {instances}, clients: {clients}, seed: {seed}")?;
        writeln!(f, "{cycles} cycles in {:.0} s", self.lasted.as_secs_f64())?;
        writeln!(f, "\n{:34}{:>10}", "kills", self.kills())?;
        for (kind, kills) in &self.kills {
            writeln!(f, "  {kind:32}{kills:>10}")?;
        }
        writeln!(f, "{:34}{:>10}", "faults switched on", self.faults)?;
        writeln!(f)?;
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
        if self.is_clean() {
            writeln!(f, "\nno violation")?;
        } else {
            self.write_violations(f)?;
        }
        match &self.kept {
            Some(directory) => writeln!(f, "\nThe logs are in {}", directory.display()),
            None => Ok(()),
        }
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
