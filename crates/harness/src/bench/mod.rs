//! How fast the service is, measured against what the machine can do at all.
//!
//! An absolute figure tells of the machine. So each measurement takes turns with a limit in the same run: a
//! server that always answers the same, or the database without the service. Load comes from wrk, pgbench
//! and oha, and from nothing of ours.

mod chats;
mod figure;
pub mod fixed_json;
mod measurements;
mod name;
mod pgbench;
mod report;
mod rounds;
mod sqlite_loop;
mod tokens;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use tokio::task::spawn_blocking;

use crate::measure::disk;
use crate::measure::oha::Oha;
use crate::measure::other_load::Watch;
use crate::measure::turn::Turn;
use crate::measure::wrk::Wrk;
pub use name::{Databases, Name};
use pgbench::Pgbench;
pub use report::Report;
use rounds::{Round, Rounds};

/// What is to be measured, and with what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// The programs that load comes from.
    pub tools: Tools,
    /// These measurements, or all if there are none.
    pub only: Vec<Name>,
    /// On which databases.
    pub databases: Databases,
    /// How often each turn is taken.
    pub rounds: u32,
    /// How long a turn is.
    pub turn: Duration,
}

/// The programs that load comes from.
#[derive(Debug, Clone)]
pub struct Tools {
    /// <https://github.com/wg/wrk>
    pub wrk: PathBuf,
    /// A part of PostgreSQL.
    pub pgbench: PathBuf,
    /// <https://github.com/hatoo/oha>
    pub oha: PathBuf,
}

/// What is done before a turn counts, so that code, caches and connections are warm.
const WARM_UP: Duration = Duration::from_secs(1);

/// What all measurements have.
struct Bench<'p> {
    plan: &'p Plan,
    wrk: Wrk,
    pgbench: Pgbench,
    oha: Oha,
    last_number: Cell<u32>,
}

/// Carries out a plan. `on_measurement` is told each name before it is measured.
///
/// What cannot be measured is in the report, too.
pub async fn run(plan: &Plan, on_measurement: impl Fn(Name)) -> Result<Report> {
    let bench = Bench {
        plan,
        wrk: Wrk::new(plan.tools.wrk.clone()),
        pgbench: Pgbench::new(plan.tools.pgbench.clone()),
        oha: Oha::new(plan.tools.oha.clone()),
        last_number: Cell::new(0),
    };
    let time_of_sync = spawn_blocking(disk::time_of_sync).await??;
    let mut report = Report { time_of_sync, figures: Vec::new(), failures: Vec::new() };
    for name in plan.names() {
        on_measurement(name);
        match measurements::measure(name, &bench).await {
            Ok(figures) => report.figures.extend(figures),
            Err(error) => report.failures.push((name, error)),
        }
    }
    Ok(report)
}

impl Plan {
    fn names(&self) -> Vec<Name> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        let all = Name::value_variants().iter().copied();
        all.filter(|name| self.databases.include(name.database())).collect()
    }
}

impl Bench<'_> {
    /// Has the limit and the service take turns, after a warm-up of each. `servers` are those that do not
    /// descend from this process, but are ours.
    async fn rounds(
        &self,
        servers: &[u32],
        limit: impl AsyncFn(Duration) -> Result<(&'static str, Turn)>,
        service: impl AsyncFn(Duration) -> Result<Turn>,
    ) -> Result<Rounds> {
        limit(WARM_UP).await?;
        service(WARM_UP).await?;
        let mut rounds = Rounds::default();
        for _ in 0..self.plan.rounds {
            let watch = Watch::begin(servers)?;
            let limit = Some(limit(self.plan.turn).await?);
            let service = service(self.plan.turn).await?;
            rounds.0.push(Round { limit, service, other: watch.end()? });
        }
        Ok(rounds)
    }

    /// Has the service take all turns, with nothing to compare it with.
    async fn rounds_alone(
        &self,
        servers: &[u32],
        service: impl AsyncFn(Duration) -> Result<Turn>,
    ) -> Result<Rounds> {
        service(WARM_UP).await?;
        let mut rounds = Rounds::default();
        for _ in 0..self.plan.rounds {
            let watch = Watch::begin(servers)?;
            let service = service(self.plan.turn).await?;
            rounds.0.push(Round { limit: None, service, other: watch.end()? });
        }
        Ok(rounds)
    }

    /// A number that nothing else in this run has.
    fn unique_number(&self) -> u32 {
        self.last_number.set(self.last_number.get() + 1);
        self.last_number.get()
    }
}
