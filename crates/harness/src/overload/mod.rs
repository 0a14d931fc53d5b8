//! More comes than can be answered: what is answered all the same, and what becomes of the rest. And writes
//! stand still for a while: how those who create are told, and whether those who read notice.

mod flood;
mod goals;
mod report;
mod stall;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::kind::Kind;
use crate::measure::oha::Oha;
use crate::measure::open_files::allow_open_files;
use crate::measure::population::{Population, seed};
use crate::measure::processors::Processors;
use crate::measure::scene::{NO_CACHE, Scene};
use crate::measure::workload::Workload;
use crate::measure::wrk::Wrk;
use flood::{Flooded, Floods};
pub use report::Report;

/// What is to be measured, and with what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `chats`.
    pub chats: PathBuf,
    /// <https://github.com/wg/wrk>
    pub wrk: PathBuf,
    /// <https://github.com/hatoo/oha>
    pub oha: PathBuf,
    /// How often each is measured.
    pub rounds: u32,
    /// How long too much comes, and how long writes stand still.
    pub length: Duration,
}

/// How many chats there are, any of which is read.
const CHATS: u32 = 100_000;

/// What processes have open besides the connections of a flood.
const OTHER_FILES: u64 = 500;

/// Carries out a plan. `on_step` is told what is done next.
pub async fn run(plan: &Plan, on_step: impl Fn(&str)) -> Result<Report> {
    allow_open_files(u64::from(flood::FOR_CREATES) + OTHER_FILES)?;
    let processors = Processors::divide()?;
    let floods = Floods {
        wrk: Wrk::new(plan.wrk.clone()),
        oha: Oha::new(plan.oha.clone()),
        length: plan.length,
    };
    let mut flooded: Vec<(Kind, Vec<Flooded>)> = Vec::new();
    for kind in [Kind::Create, Kind::ReadById] {
        let scene = scene(plan, &processors).await?;
        let workload = Workload::on(Population { chats: CHATS });
        seed(&scene.database_url(), workload.population).await?;
        let mut rounds = Vec::new();
        for round in 1..=plan.rounds {
            on_step(&format!("too many {kind}, round {round} of {}", plan.rounds));
            rounds.push(floods.flood(kind, &scene, &workload).await?);
        }
        flooded.push((kind, rounds));
    }
    let scene = scene(plan, &processors).await?;
    on_step("writes stand still");
    let stalled = stall::stall(&scene, plan.rounds, plan.length).await?;
    Ok(Report { processors: processors.counts(), length: plan.length, flooded, stalled })
}

/// An instance that keeps no chats in memory, and what it needs, on processors of its own.
async fn scene(plan: &Plan, processors: &Processors) -> Result<Scene> {
    let settings = Population::settings() + NO_CACHE;
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&plan.chats, DatabaseKind::Postgres, rooms, &settings).await?;
    processors.give_rest_to(scene.parts().into_iter().map(|(_, id)| id))?;
    Ok(scene)
}
