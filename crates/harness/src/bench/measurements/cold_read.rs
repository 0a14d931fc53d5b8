use anyhow::Result;

use super::super::Bench;
use super::super::figure::Figure;
use super::super::goal::Goal;
use super::super::scene::{CONNECTIONS, Scene};
use super::limits;
use crate::deployment::{DatabaseKind, Rooms};

/// How many chats there are, any of which is read.
pub(super) const CHATS: u32 = 100_000;

/// Has the service ask the database each time.
pub(super) const NO_CACHE: &str = "cache.chats = 0\n";

pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(bench, DatabaseKind::Postgres, rooms, NO_CACHE).await?;
    let script = scene.reads(&scene.seed(CHATS).await?)?;
    let limit = async |length| limits::select(bench, &scene, CHATS, length).await;
    let service = async |length| scene.wrk(bench, &script, CONNECTIONS, length).await;
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![Figure::ratio("cold_read", rounds).with_goal(Goal::AtLeast(0.8))])
}
