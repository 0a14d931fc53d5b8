use std::time::Duration;

use anyhow::Result;

use super::super::Bench;
use super::super::figure::Figure;
use super::create_latency::new_rooms;
use crate::deployment::{DatabaseKind, OUR_AUDIENCE, Rooms};
use crate::measure::scene::{CONNECTIONS, Scene};
use crate::measure::script::{Request, Script, Values};

pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&bench.plan.chats, DatabaseKind::Postgres, rooms, "").await?;
    let service = async |length| {
        let rooms = open_rooms(bench, &scene, length).await?;
        let body =
            format!(r#"{{"audience":"{OUR_AUDIENCE}","scope":"{{}}","event_room_id":"{{}}"}}"#);
        let path = "/api/v1/chats/convert";
        let request = Request { method: "POST", path, token: &scene.token, body: Some(&body) };
        let script = Script::new(&request, Values::Once(&rooms))?;
        scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await
    };
    let rounds = bench.rounds_alone(&scene.servers(), service).await?;
    Ok(vec![Figure::rate("convert", rounds)])
}

/// Opens rooms for as long as they are to last, which is more than enough: to open one is less work than to
/// convert it. Returns those that were not there before.
async fn open_rooms(bench: &Bench<'_>, scene: &Scene, length: Duration) -> Result<Vec<String>> {
    let events = scene.deployment().event_service();
    let before = events.rooms().await?.len();
    bench.wrk.run(events.url(), &new_rooms(scene)?, CONNECTIONS, length).await?;
    // The oldest come first.
    let rooms = events.rooms().await?;
    Ok(rooms[before..].iter().map(|room| room.id.to_string()).collect())
}
