//! Clients keep creating, converting and reading, while the instances, the database and the event
//! service are killed at random and started again. Then comes what must always hold.

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
use futures_util::{StreamExt, stream};
use tokio::time::{sleep, timeout};

use crate::deployment::{Addresses, Database, DatabaseKind, Deployment, OUR_TUTOR, token};
use chaos::{Chaos, Done};
use checks::{Evidence, Promise, Promises, Violation, refused_scopes};
use clients::{Clients, Http};
use faults::LONGEST_DELAY;
use openings::Openings;
use record::Ask;
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
    /// Whether the logs are kept even if all is well.
    pub keep_logs: bool,
}

/// Recovery has to have finished everything within this time.
const LONGEST_RECOVERY: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How many chats are read back at once.
const READS_AT_ONCE: usize = 16;

/// Carries out a plan. `on_cycle` is told each cycle's number when it has ended.
///
/// An error says that the harness could not do its work; what the service did wrong is in the report.
pub async fn run(plan: &Plan, on_cycle: impl Fn(u32)) -> Result<Report> {
    let mut dice = Rng::with_seed(plan.seed);
    let deployment = Deployment::start(&plan.chats, plan.database, plan.instances).await?;
    let (database, addresses) = (deployment.database().clone(), deployment.addresses());
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
    until_nothing_is_opening(&database).await?;
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
    let (reads, broken) = read_back(&promises.promises, &addresses).await?;
    violations.extend(broken);
    let kept = if plan.keep_logs || !violations.is_empty() {
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
        longest_opening,
        promises: promises.promises.len(),
        reads,
        refused: refused_scopes(&evidence.records).len(),
        evidence,
        violations,
        kept,
    })
}

/// Reads each promised chat by both of its keys on every instance. Returns how often, and which promises
/// are broken.
async fn read_back(promises: &[Promise], addresses: &Addresses) -> Result<(usize, Vec<Violation>)> {
    let (http, token, instances) = (Http::new()?, token(OUR_TUTOR)?, addresses.running());
    let mut reads = Vec::new();
    for promise in promises {
        let Promise(chat) = promise;
        for (_, url) in &instances {
            reads.push((promise, url, Ask::ReadById(chat.chat_id)));
            reads.push((promise, url, Ask::ReadByScope(chat.scope.clone())));
        }
    }
    let count = reads.len();
    let broken = stream::iter(reads)
        .map(|(promise, url, ask)| {
            let (http, token) = (&http, &token);
            async move { promise.is_broken_by(&http.ask(url, token, &ask).await) }
        })
        .buffer_unordered(READS_AT_ONCE)
        .filter_map(async |violation| violation);
    Ok((count, broken.collect().await))
}

/// Waits until recovery has finished what was left half made, and calls that are delayed have come.
async fn until_nothing_is_opening(database: &Database) -> Result<()> {
    sleep(LONGEST_DELAY).await;
    let finished = async {
        while database.longest_opening().await?.is_some() {
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    };
    // What is opening even then is found by the checks.
    timeout(LONGEST_RECOVERY, finished).await.unwrap_or(Ok(()))
}
