use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::checks::Rule;
use super::{Findings, Plan};

/// What was done, and what came of it.
pub struct Report {
    pub(super) plan: Plan,
    pub(super) kills: BTreeMap<&'static str, u32>,
    pub(super) faults: usize,
    pub(super) findings: Findings,
    /// Where the logs are, if they were kept.
    pub(super) kept: Option<PathBuf>,
}

impl Report {
    /// Whether everything held that must always hold.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.are_clean()
    }

    /// Which rules were broken.
    #[must_use]
    pub fn broken_rules(&self) -> BTreeSet<Rule> {
        self.findings.broken_rules()
    }

    /// How often a part of this kind was killed: an `instance`, the `database`, the `event service`.
    #[must_use]
    pub fn kills_of(&self, kind: &str) -> u32 {
        self.kills.get(kind).copied().unwrap_or(0)
    }

    /// How many chats were acknowledged, by a `201` or a `200`.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.findings.promises
    }

    /// How many of them were acknowledged to a convert.
    #[must_use]
    pub fn converted(&self) -> usize {
        self.findings.converted()
    }

    /// How many keys were asked for, each time in vain.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.findings.refused
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { database, instances, clients, cycles, seed, .. } = &self.plan;
        writeln!(f, "{database}; instances: {instances}, clients: {clients}, seed: {seed}")?;
        writeln!(f, "{cycles} cycles in {:.0} s", self.findings.lasted.as_secs_f64())?;
        writeln!(f, "\n{:34}{:>10}", "kills", self.kills.values().sum::<u32>())?;
        for (kind, kills) in &self.kills {
            writeln!(f, "  {kind:32}{kills:>10}")?;
        }
        writeln!(f, "{:34}{:>10}\n", "faults switched on", self.faults)?;
        write!(f, "{}", self.findings)?;
        match &self.kept {
            Some(directory) => writeln!(f, "\nThe logs are in {}", directory.display()),
            None => Ok(()),
        }
    }
}
