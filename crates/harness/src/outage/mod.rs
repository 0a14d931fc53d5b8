//! The event service goes away, and reads are as fast as before, while creates fail fast.
//!
//! One instance on PostgreSQL is under the same load all the time. In turn the event service answers, is
//! gone, and hangs; reads in each of these conditions are compared with the healthy ones of the same round.

mod condition;
mod goals;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use crate::deployment::{Database, DatabaseKind, Deployment, IdempotencyKeys, Layout, Pace, Rooms};
use crate::steady_load::{Load, Rates, Service, Tally};
use condition::Condition;
use goals::Leftovers;
pub use report::Report;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// How often each condition has its turn.
    pub rounds: u32,
    /// For how long in each of its turns, after a warm-up.
    pub measured: Duration,
    /// How many reads are sent, all the time.
    pub reads_per_second: u32,
    /// How many creates are sent, all the time.
    pub creates_per_second: u32,
}

/// What came of all rounds in each condition of the event service.
type Tallies = BTreeMap<Condition, Tally>;

/// How many chats there are to read.
const CHATS: usize = 5_000;

/// Recovery has to have finished everything within this time.
const LONGEST_RECOVERY: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Carries out a plan. `on_turn` is told each round and condition before it begins.
///
/// An error says that the harness could not do its work; what the service did wrong is in the report.
pub async fn run(plan: &Plan, on_turn: impl Fn(u32, &str)) -> Result<Report> {
    let mut deployment = Deployment::start_as(&plan.chats, layout()).await?;
    let (_, url) = deployment.addresses().running().pop().context("no instance runs")?;
    let service = Arc::new(Service::with_chats(url, CHATS).await?);
    let rates = Rates {
        reads_per_second: plan.reads_per_second,
        creates_per_second: plan.creates_per_second,
    };

    let mut tallies = Tallies::new();
    let mut load_averages = Vec::new();
    for round in 1..=plan.rounds {
        load_averages.push(load_average());
        for condition in in_order_of(round) {
            on_turn(round, condition.name());
            let mut dice = Rng::with_seed(round.into());
            let lengths = [condition.warm_up(), plan.measured];
            let scopes = format!("{}-{round}", condition.name());
            let load = Load::new(rates, lengths, service.chats(), &scopes, &mut dice);
            condition.bring_about(&mut deployment).await?;
            tallies.entry(condition).or_default().add(load.run(Arc::clone(&service)).await?);
            Condition::Healthy.bring_about(&mut deployment).await?;
            until_nothing_is_opening(deployment.database()).await?;
        }
    }
    let leftovers = Leftovers::in_database(deployment.database()).await?;
    deployment.end().await?;
    Ok(Report { plan: plan.clone(), tallies, leftovers, load_averages })
}

/// One instance on PostgreSQL, with the time-outs that it has by default.
fn layout() -> Layout {
    Layout {
        pace: Pace::AsByDefault,
        database: DatabaseKind::Postgres,
        instances: 1,
        rooms: Rooms::OfAnotherProcessInMemory,
        idempotency_keys: IdempotencyKeys::Honoured,
        settings: String::new(),
    }
}

/// Each condition comes first in turn, so that none has always the same one before it.
fn in_order_of(round: u32) -> [Condition; 3] {
    let mut conditions = Condition::ALL;
    conditions.rotate_left(round as usize % 3);
    conditions
}

/// Waits until recovery has finished what was left half made, so that no turn has work of the one before.
async fn until_nothing_is_opening(database: &Database) -> Result<()> {
    let finished = async {
        while database.longest_opening().await?.is_some() {
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    };
    // What is opening even then is found at the end.
    timeout(LONGEST_RECOVERY, finished).await.unwrap_or(Ok(()))
}

impl Leftovers {
    async fn in_database(database: &Database) -> Result<Self> {
        let chats = database.chats().await?;
        Ok(Self {
            opening: chats.iter().filter(|chat| !chat.is_ready).count(),
            of_closed_port: chats
                .iter()
                .filter(|chat| chat.scope.starts_with(Condition::PortClosed.name()))
                .count(),
        })
    }
}

/// The machine's load in the last minute.
fn load_average() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().unwrap_or_default().to_owned()
}
