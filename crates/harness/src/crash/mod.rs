//! Clients keep creating, converting and reading, while the instances, the database and the event
//! service are killed at random and started again. Then comes what must always hold.

mod aftermath;
mod chaos;
pub(crate) mod checks;
mod clients;
mod faults;
mod findings;
mod openings;
pub(crate) mod record;
mod report;
pub(crate) mod timeline;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use fastrand::Rng;

use crate::deployment::{DatabaseKind, Deployment, IdempotencyKeys};
use chaos::{Chaos, Done};
pub use checks::Rule;
pub(crate) use findings::Findings;
pub use report::Report;
pub(crate) use trial::Trial;

/// How everything is to be broken.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// Which database it works on.
    pub database: DatabaseKind,
    /// How many instances of it run.
    pub instances: usize,
    /// How many clients are at work.
    pub clients: usize,
    /// How often something is killed.
    pub cycles: u32,
    /// Where the dice begin. The same seed makes the same choices, but no two runs are the same: who
    /// comes first is up to the machine.
    pub seed: u64,
    /// Whether the event service honours `Idempotency-Key`. If it does not, rooms get lost.
    pub idempotency_keys: IdempotencyKeys,
    /// Whether the logs are kept even if all is well.
    pub keep_logs: bool,
}

/// Carries out a plan. `on_cycle` is told each cycle's number when it has ended.
///
/// An error says that the harness could not do its work; what the service did wrong is in the report.
pub async fn run(plan: &Plan, on_cycle: impl Fn(u32)) -> Result<Report> {
    let mut dice = Rng::with_seed(plan.seed);
    let deployment =
        Deployment::start(&plan.chats, plan.database, plan.instances, plan.idempotency_keys)
            .await?;
    let trial = Trial::start(&deployment, plan.clients, &mut dice).await?;
    let timeline = Arc::clone(trial.timeline());

    let mut chaos = Chaos::of(deployment, plan.database, plan.instances, timeline, dice);
    for cycle in 1..=plan.cycles {
        chaos.cycle().await?;
        on_cycle(cycle);
    }
    let Done { deployment, kills, faults } = chaos.end().await?;
    let findings = trial.end(&deployment).await?;

    let is_surprising = !findings.are_clean() && plan.idempotency_keys.are_honoured();
    let kept = deployment.end_or_keep(plan.keep_logs || is_surprising).await?;
    Ok(Report { plan: plan.clone(), kills, faults, findings, kept })
}
