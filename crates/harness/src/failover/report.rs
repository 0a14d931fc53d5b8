use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Failover, Plan, unavailability};
use crate::crash::Findings;
use crate::statistics::percentile;

/// What was done, and what came of it.
pub struct Report {
    plan: Plan,
    failovers: Vec<Failover>,
    /// One for each failover and each instance.
    unavailability: Vec<Duration>,
    findings: Findings,
    /// Where the logs are, if they were kept.
    kept: Option<PathBuf>,
}

impl Report {
    pub(super) fn new(
        plan: Plan,
        failovers: Vec<Failover>,
        findings: Findings,
        kept: Option<PathBuf>,
    ) -> Self {
        let records = &findings.evidence.records;
        let unavailability =
            unavailability::of(&failovers, records, plan.instances, findings.lasted);
        Self { plan, failovers, unavailability, findings, kept }
    }

    /// Whether everything held that must always hold.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.are_clean()
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

    /// How long each instance acknowledged no create, for each failover: from the kill of the primary to the
    /// first answer to a create that was sent later.
    #[must_use]
    pub fn unavailability(&self) -> &[Duration] {
        &self.unavailability
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { instances, clients, seed, .. } = &self.plan;
        let failovers = self.failovers.len();
        writeln!(f, "instances: {instances}, clients: {clients}, seed: {seed}")?;
        writeln!(f, "{failovers} failovers in {:.0} s", self.findings.lasted.as_secs_f64())?;
        writeln!(f, "\n{:52}{:>10}{:>10}", "from the kill of the primary", "median", "worst")?;
        let since_kill = |until: fn(&Failover) -> Duration| {
            self.failovers.iter().map(|it| until(it).saturating_sub(it.killed)).collect::<Vec<_>>()
        };
        let promoted = since_kill(|it| it.promoted);
        let restored = since_kill(|it| it.restored);
        for (what, times) in [
            ("until the standby was promoted", &promoted),
            ("until an instance acknowledged a create again", &self.unavailability),
            ("until there was a standby in sync again", &restored),
        ] {
            let [median, worst] = [50, 100].map(|it| percentile(times, it).as_secs_f64());
            writeln!(f, "  {what:50}{median:>8.2} s{worst:>8.2} s")?;
        }
        write!(f, "\n{}", self.findings)?;
        match &self.kept {
            Some(directory) => writeln!(f, "\nThe logs are in {}", directory.display()),
            None => Ok(()),
        }
    }
}
