//! Clients keep creating, converting and reading, while the instances, the database and the event
//! service are killed at random and started again. Then comes what must always hold.

mod aftermath;
mod chaos;
mod checks;
mod clients;
mod faults;
mod openings;
mod record;
mod report;
mod timeline;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::{Instant, sleep, timeout};

use crate::deployment::{Database, DatabaseKind, Deployment, IdempotencyKeys};
use aftermath::Aftermath;
use chaos::{Chaos, Done};
pub use checks::Rule;
use checks::{Evidence, Promises, refused_scopes};
use clients::Clients;
use faults::LONGEST_DELAY;
use openings::{BETWEEN_LOOKS, Openings};
pub use report::Report;
use timeline::Timeline;

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

/// Recovery has to have finished everything within this time: a chat that is left alone for so long is
/// starved by others.
const LONGEST_RECOVERY: Duration = Duration::from_secs(20);

/// Carries out a plan. `on_cycle` is told each cycle's number when it has ended.
///
/// An error says that the harness could not do its work; what the service did wrong is in the report.
pub async fn run(plan: &Plan, on_cycle: impl Fn(u32)) -> Result<Report> {
    let mut dice = Rng::with_seed(plan.seed);
    let deployment =
        Deployment::start(&plan.chats, plan.database, plan.instances, plan.idempotency_keys)
            .await?;
    let database = deployment.database().clone();
    let timeline = Arc::new(Timeline::start());
    let openings = Openings::watch(database.clone());
    let clients =
        Clients::start(&deployment, Arc::clone(&timeline), plan.clients, &mut dice).await?;

    let mut chaos =
        Chaos::of(deployment, plan.database, plan.instances, Arc::clone(&timeline), dice);
    for cycle in 1..=plan.cycles {
        chaos.cycle().await?;
        on_cycle(cycle);
    }
    let Done { deployment, kills, faults } = chaos.end().await?;
    let told = clients.end().await?;
    let lasted = timeline.now();
    let recovered_in = until_nothing_is_opening(&database).await?;
    let longest_opening = openings.longest();
    drop(openings);

    let promises = Promises::in_records(&told.records);
    let evidence = Evidence {
        records: told.records,
        troubles: timeline.troubles(),
        rooms_before: told.rooms_before,
        rows: database.chats().await?,
        rooms: deployment.event_service().rooms().await?,
    };
    let mut violations = checks::check(&evidence, &promises);
    let aftermath = Aftermath::of(&deployment)?;
    let (reads, broken) = aftermath.hold_to(&promises.promises).await;
    violations.extend(broken);
    violations.extend(aftermath.make_new_chats().await?);
    let is_surprising = !violations.is_empty() && plan.idempotency_keys.are_honoured();
    let kept = if plan.keep_logs || is_surprising {
        Some(deployment.end_and_keep().await?)
    } else {
        deployment.end().await?;
        None
    };
    Ok(Report {
        plan: plan.clone(),
        kills,
        faults,
        lasted,
        recovered_in,
        longest_opening,
        promises: promises.promises.len(),
        reads,
        refused: refused_scopes(&evidence.records).len(),
        evidence,
        violations,
        kept,
    })
}

/// Waits until calls that are delayed have come, and recovery has finished what was left half made.
/// Returns how long both took.
async fn until_nothing_is_opening(database: &Database) -> Result<Duration> {
    let start = Instant::now();
    sleep(LONGEST_DELAY).await;
    let finished = async {
        while database.longest_opening().await?.is_some() {
            sleep(BETWEEN_LOOKS).await;
        }
        anyhow::Ok(())
    };
    // What is opening even then is found by the checks.
    timeout(LONGEST_RECOVERY, finished).await.unwrap_or(Ok(()))?;
    Ok(start.elapsed())
}
