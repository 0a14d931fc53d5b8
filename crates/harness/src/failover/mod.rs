//! Clients keep creating, converting and reading, while the primary is killed and its standby takes its
//! place, again and again. Then comes what must always hold, and how long nothing could be created.

mod report;
mod unavailability;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::sleep;

pub use report::Report;

use crate::crash::Trial;
use crate::crash::timeline::{Timeline, Trouble};
use crate::deployment::{Database, DatabaseKind, Deployment, IdempotencyKeys};

/// What is to be done to the primaries.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// How many instances of it run.
    pub instances: usize,
    /// How many clients are at work.
    pub clients: usize,
    /// How often the primary is killed.
    pub cycles: u32,
    /// Where the dice begin. The same seed makes the same choices, but no two runs are the same: who
    /// comes first is up to the machine.
    pub seed: u64,
    /// Whether the logs are kept even if all is well.
    pub keep_logs: bool,
}

/// One failover, in times since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failover {
    killed: Duration,
    /// From here on the standby takes writes, as far as its operator knows.
    promoted: Duration,
    /// From here on there is a standby again, and commits wait for it.
    restored: Duration,
}

/// The least that passes between a standby that is in sync and the next kill, and the most that it is more.
const LEAST_PEACE: Duration = Duration::from_millis(300);
const FURTHER_PEACE: Duration = Duration::from_secs(1);

/// The time for clients to go on after the last standby is there again.
const LAST_PEACE: Duration = Duration::from_millis(500);

/// Carries out a plan. `on_cycle` is told each cycle's number when it has ended.
///
/// An error says that the harness could not do its work; what the service did wrong is in the report.
pub async fn run(plan: &Plan, on_cycle: impl Fn(u32)) -> Result<Report> {
    let mut dice = Rng::with_seed(plan.seed);
    let (database, keys) = (DatabaseKind::Pair, IdempotencyKeys::Honoured);
    let deployment = Deployment::start(&plan.chats, database, plan.instances, keys).await?;
    let trial = Trial::start(&deployment, plan.clients, &mut dice).await?;
    let timeline = Arc::clone(trial.timeline());

    let mut failovers = Vec::new();
    for cycle in 1..=plan.cycles {
        sleep(LEAST_PEACE + FURTHER_PEACE.mul_f64(dice.f64())).await;
        failovers.push(fail_over(deployment.database(), &timeline).await?);
        on_cycle(cycle);
    }
    sleep(LAST_PEACE).await;
    let findings = trial.end(&deployment).await?;
    let kept = deployment.end_or_keep(plan.keep_logs || !findings.are_clean()).await?;
    Ok(Report::new(plan.clone(), failovers, findings, kept))
}

/// Kills the primary, and does what an operator's tool does then, at once.
async fn fail_over(database: &Database, timeline: &Timeline) -> Result<Failover> {
    timeline.begin(Trouble::DatabaseOutage);
    let killed = timeline.at(database.kill().await?);
    database.replace().await?;
    let promoted = timeline.now();
    timeline.end(Trouble::DatabaseOutage);
    database.restore().await?;
    Ok(Failover { killed, promoted, restored: timeline.now() })
}
