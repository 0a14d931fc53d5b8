use anyhow::Result;

use super::super::figure::Figure;
use super::super::{Bench, chats};
use super::limits;
use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::scene::{CONNECTIONS, NO_CACHE, Scene};

/// How many chats there are, any of which is read.
pub(super) const CHATS: u32 = 100_000;

pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&bench.plan.chats, DatabaseKind::Postgres, rooms, NO_CACHE).await?;
    let script = scene.reads(&chats::seed(&scene, CHATS).await?)?;
    let limit = async |length| limits::select(bench, &scene, CHATS, length).await;
    let service = async |length| scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await;
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![Figure::ratio("cold_read", rounds).with_goal(Goal::AtLeast(0.8))])
}
