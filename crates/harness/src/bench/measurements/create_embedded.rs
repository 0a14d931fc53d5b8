use anyhow::{Result, bail};

use super::super::Bench;
use super::super::figure::Figure;
use super::limits;
use crate::deployment::{Database, DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::scene::{CONNECTIONS, Scene};

/// The service and its embedded event service in one process, compared with the slower of their databases.
pub(super) async fn measure(bench: &Bench<'_>, database: DatabaseKind) -> Result<Vec<Figure>> {
    let scene = Scene::start(&bench.plan.chats, database, Rooms::Embedded, "").await?;
    let event_file = scene.deployment().event_file();
    let limit = async |length| {
        let chats = match scene.deployment().database() {
            Database::Postgres { .. } | Database::Pair(_) => {
                limits::two_commits(bench, &scene, length).await?
            }
            Database::Sqlite(file) => limits::sqlite_creates(file, length).await?,
        };
        let rooms = limits::sqlite_rooms(&event_file, length).await?;
        Ok(limits::slower(chats, rooms))
    };
    let service = async |length| {
        scene.wrk(&bench.wrk, &scene.creates(bench.unique_number())?, CONNECTIONS, length).await
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    if !event_file.exists() {
        bail!("the embedded event service keeps its rooms elsewhere");
    }
    let name = match database {
        DatabaseKind::Postgres | DatabaseKind::Pair => "create_embedded",
        DatabaseKind::Sqlite => "sqlite_create_embedded",
    };
    Ok(vec![
        Figure::ratio(name, rounds)
            .with_goal(Goal::AtLeast(0.5))
            .with_note("the limit is the slower of the two databases"),
    ])
}
