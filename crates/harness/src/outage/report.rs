use std::fmt;
use std::time::Duration;

use super::condition::Condition;
use super::goals::{Leftovers, missed};
use super::{Plan, Tallies};
use crate::statistics::Spread;

/// Rounds of one condition that differ by more than this tell as much of the machine as of the service.
const LARGEST_DISAGREEMENT: f64 = 1.5;

/// What was measured.
pub struct Report {
    pub(super) plan: Plan,
    pub(super) tallies: Tallies,
    pub(super) leftovers: Leftovers,
    /// The machine's load average before each round, where the system tells.
    pub(super) load_averages: Vec<String>,
}

impl Report {
    /// Whether no goal is missed.
    #[must_use]
    pub fn meets_all_goals(&self) -> bool {
        missed(&self.tallies, self.leftovers).is_empty()
    }

    fn write_reads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let healthy = &self.tallies[&Condition::Healthy];
        writeln!(
            f,
            "{:12} {:>10} {:>10} {:>18} {:>8} {:>14} {:>8}",
            "reads", "p50", "p99", "(least - most)", "ratio", "(least - most)", "failed"
        )?;
        for (condition, tally) in &self.tallies {
            let [p50, p99] = [&tally.p50, &tally.p99].map(|values| Spread::of(in_millis(values)));
            let ratio = tally.p99_to(healthy);
            writeln!(
                f,
                "{:12} {:>7.2} ms {:>7.2} ms {:>18} {:>8.2} {:>14} {:>8}",
                condition.name(),
                p50.median,
                p99.median,
                format!("({:.2} - {:.2})", p99.least, p99.most),
                ratio.median,
                format!("({:.2} - {:.2})", ratio.least, ratio.most),
                tally.failed_reads,
            )?;
        }
        Ok(())
    }

    fn write_creates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:12} {:>10} {:>10} {:>20}   answers",
            "creates", "p50", "slowest", "without Retry-After"
        )?;
        for (condition, tally) in &self.tallies {
            let [p50, slowest] = tally.p50_and_slowest_create();
            write!(
                f,
                "{:12} {:>7.1} ms {:>7.1} ms {:>20}  ",
                condition.name(),
                p50.as_secs_f64() * 1e3,
                slowest.as_secs_f64() * 1e3,
                tally.without_retry_after(),
            )?;
            for (status, count) in tally.statuses() {
                let status = status.map_or("none".to_owned(), |status| status.to_string());
                write!(f, " {status}: {count}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    /// Each round for itself, if they disagree by much: most likely, something else was running.
    fn write_disagreement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disagree = self.tallies.values().any(|tally| {
            let p99 = Spread::of(in_millis(&tally.p99));
            p99.most > p99.least * LARGEST_DISAGREEMENT
        });
        if !disagree {
            return Ok(());
        }
        writeln!(f, "\nthe rounds disagree: was something else running?")?;
        for (condition, tally) in &self.tallies {
            let p99: Vec<_> = in_millis(&tally.p99).map(|millis| format!("{millis:.2}")).collect();
            writeln!(f, "{:12} p99 of reads, in ms: {}", condition.name(), p99.join(", "))?;
        }
        writeln!(f, "load average before each round: {}", self.load_averages.join(", "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { rounds, measured, reads_per_second, creates_per_second, .. } = &self.plan;
        writeln!(
            f,
            "{rounds} rounds of {measured:?} each, {reads_per_second} reads and \
             {creates_per_second} creates a second\n"
        )?;
        self.write_reads(f)?;
        writeln!(f)?;
        self.write_creates(f)?;
        let Leftovers { opening, of_closed_port } = self.leftovers;
        writeln!(
            f,
            "\nchats still opening: {opening}; left while the port was closed: {of_closed_port}"
        )?;
        self.write_disagreement(f)?;
        let missed = missed(&self.tallies, self.leftovers);
        if missed.is_empty() {
            return writeln!(f, "\nall goals are met");
        }
        writeln!(f, "\nmissed:")?;
        missed.iter().try_for_each(|goal| writeln!(f, "  {goal}"))
    }
}

fn in_millis(values: &[Duration]) -> impl Iterator<Item = f64> {
    values.iter().map(|value| value.as_secs_f64() * 1e3)
}
