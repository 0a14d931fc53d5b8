use std::path::PathBuf;

use anyhow::{Result, bail};

use super::super::figure::Figure;
use super::super::{Bench, chats};
use super::{cold_read, limits, warm_read};
use crate::deployment::{Database, DatabaseKind, Rooms};
use crate::measure::scene::{CONNECTIONS, NO_CACHE, Scene};

pub(super) async fn warm_read(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let scene = start(bench, "").await?;
    let script = scene.reads(&chats::seed(&scene, warm_read::CHATS).await?)?;
    let rounds = warm_read::against_fixed_json(bench, &scene, &script).await?;
    Ok(vec![Figure::ratio("sqlite_read_warm", rounds)])
}

pub(super) async fn cold_read(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let scene = start(bench, NO_CACHE).await?;
    let ids = chats::seed(&scene, cold_read::CHATS).await?;
    let (file, script) = (file(&scene)?, scene.reads(&ids)?);
    let limit = async |length| limits::sqlite_reads(&file, &ids, length).await;
    let service = async |length| scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await;
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![Figure::ratio("sqlite_read_cold", rounds).with_note(LOOP)])
}

pub(super) async fn create(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let scene = start(bench, "").await?;
    let file = file(&scene)?;
    let limit = async |length| limits::sqlite_creates(&file, length).await;
    let service = async |length| {
        scene.wrk(&bench.wrk, &scene.creates(bench.unique_number())?, CONNECTIONS, length).await
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    Ok(vec![Figure::ratio("sqlite_create", rounds).with_note(LOOP)])
}

const LOOP: &str = "the limit is the same statements in a bare loop, on one connection";

async fn start(bench: &Bench<'_>, settings: &str) -> Result<Scene> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    Scene::start(&bench.plan.chats, DatabaseKind::Sqlite, rooms, settings).await
}

fn file(scene: &Scene) -> Result<PathBuf> {
    match scene.deployment().database() {
        Database::Sqlite(file) => Ok(file.clone()),
        Database::Postgres { .. } | Database::Pair(_) => bail!("the database is no file"),
    }
}
