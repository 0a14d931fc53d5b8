//! What ten million chats cost, compared with ten thousand.
//!
//! One PostgreSQL has a database of each size, side by side, each with an instance of the service. They take
//! turns under the same load, so that whatever else the machine does meanwhile strikes them all. And the server
//! tells by which plans it carried out the service's own statements.

mod goals;
mod look;
mod plans;
mod report;
mod server;
mod site;
mod turns;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::spawn_blocking;

use crate::measure::disk;
use crate::measure::kind::Kind;
use crate::measure::oha::Oha;
use crate::measure::wrk::Wrk;
pub use report::Report;
use server::Server;
use site::Site;
use turns::Turns;

/// What is to be measured, and with what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// <https://github.com/wg/wrk>
    pub wrk: PathBuf,
    /// <https://github.com/hatoo/oha>
    pub oha: PathBuf,
    /// How many chats each database has. The first is what the others are compared with.
    pub rows: Vec<u32>,
    /// How often each turn is taken. Without any, there are the plans alone.
    pub rounds: u32,
    /// How long a turn is.
    pub turn: Duration,
}

/// What the sizes are compared by.
const KINDS: [Kind; 3] = [Kind::ReadById, Kind::ReadByKey, Kind::Create];

/// Carries out a plan. `on_step` is told what is done next.
pub async fn run(plan: &Plan, on_step: impl Fn(&str)) -> Result<Report> {
    ensure!(!plan.rows.is_empty(), "there is no size to measure");
    let time_of_sync = spawn_blocking(disk::time_of_sync).await??;
    let server = Server::start().await?;
    let mut sites = Vec::new();
    for rows in &plan.rows {
        on_step(&format!("seeding {rows} chats"));
        sites.push(Site::open(&plan.chats, &server, *rows).await?);
    }
    let mut statements = Vec::new();
    for site in &sites {
        on_step(&format!("looking at the plans for {} chats", site.size.chats));
        statements.push(look::statements_of(site, &server).await?);
    }
    let turns = Turns {
        wrk: Wrk::new(plan.wrk.clone()),
        oha: Oha::new(plan.oha.clone()),
        rounds: plan.rounds,
        length: plan.turn,
    };
    let mut measured = Vec::new();
    for kind in KINDS.into_iter().filter(|_| plan.rounds > 0) {
        on_step(&format!("measuring {kind}"));
        measured.push(turns.measure(kind, &sites).await?);
    }
    Ok(Report {
        time_of_sync,
        sizes: sites.into_iter().map(|site| site.size).zip(statements).collect(),
        measured,
    })
}
