use anyhow::Result;

use super::super::Bench;
use super::super::figure::Figure;
use super::limits;
use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::scene::{CONNECTIONS, Scene};

pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&bench.plan.chats, DatabaseKind::Postgres, rooms, "").await?;
    let limit = async |length| limits::two_commits(bench, &scene, length).await;
    let service = async |length| {
        scene.wrk(&bench.wrk, &scene.creates(bench.unique_number())?, CONNECTIONS, length).await
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![
        Figure::ratio("create", rounds)
            .with_goal(Goal::AtLeast(0.5))
            .with_note("the limit is the better of pgbench with 8 and with 32 clients"),
    ])
}
