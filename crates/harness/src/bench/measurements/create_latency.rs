use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result};
use uuid::Uuid;

use super::super::Bench;
use super::super::figure::{Figure, Unit};
use super::limits;
use crate::deployment::{DatabaseKind, OUR_AUDIENCE, Rooms};
use crate::measure::goal::Goal;
use crate::measure::scene::Scene;
use crate::measure::script::{Request, Script, Values};
use crate::measure::turn::Turn;
use crate::statistics::Spread;

/// What a create may take besides two commits.
const MARGIN: Duration = Duration::from_millis(1);

/// What a create takes of itself: its p50, less that of the event service's own answer, which is asked alone
/// by as many clients; compared with two commits, and with one millisecond on top.
pub(super) async fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&bench.plan.chats, DatabaseKind::Postgres, rooms, "").await?;
    Ok(vec![
        with_clients("create_latency_1", 1, bench, &scene).await?,
        with_clients("create_latency_8", 8, bench, &scene).await?,
    ])
}

async fn with_clients(
    name: &'static str,
    clients: u32,
    bench: &Bench<'_>,
    scene: &Scene,
) -> Result<Figure> {
    // Of each turn, beginning with the warm-up.
    let commits = RefCell::new(Vec::new());
    let answers = RefCell::new(Vec::new());
    let limit = async |length| {
        let commit = limits::one_commit(bench, scene, clients, length).await?;
        commits.borrow_mut().push(p50(&commit)?);
        let answer = open_rooms(bench, scene, clients, length).await?;
        answers.borrow_mut().push(p50(&answer)?);
        Ok(("one commit", commit))
    };
    let service = async |length| {
        scene.wrk(&bench.wrk, &scene.creates(bench.unique_number())?, clients, length).await
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;

    let (commits, answers) = (commits.into_inner(), answers.into_inner());
    let creates: Result<Vec<_>> = rounds.0.iter().map(|round| p50(&round.service)).collect();
    let of_rounds = creates?.into_iter().zip(commits.iter().zip(&answers).skip(1));
    let shares: Vec<_> = of_rounds
        .map(|(create, (commit, answer))| {
            create.saturating_sub(*answer).div_duration_f64(*commit * 2 + MARGIN)
        })
        .collect();
    let median = |times: &[Duration]| {
        Spread::of(times.iter().skip(1).map(|time| time.as_secs_f64() * 1e3)).median
    };
    let note = format!(
        "p50 of a create less that of the event service alone ({:.2} ms), to twice that of a commit \
         ({:.2} ms) and 1 ms; clients: {clients}",
        median(&answers),
        median(&commits),
    );
    let share = (Unit::Ratio, Spread::of(shares));
    Ok(Figure { value: Some(share), ..Figure::rate(name, rounds) }
        .with_goal(Goal::Under(1.0))
        .with_note(note))
}

/// A turn against the event service alone, of what the service asks of it.
async fn open_rooms(
    bench: &Bench<'_>,
    scene: &Scene,
    clients: u32,
    length: Duration,
) -> Result<Turn> {
    let script = new_rooms(scene)?;
    let url = scene.deployment().event_service().url();
    Turn::of(&[], bench.wrk.run(url, &script, clients, length)).await
}

/// Rooms, each of another request.
pub(super) fn new_rooms(scene: &Scene) -> Result<Script> {
    let room = format!(
        r#"{{"audience":"{OUR_AUDIENCE}","time":[1732281600,null],"classroom_id":"{}","kind":"Webinar"}}"#,
        Uuid::new_v4()
    );
    let request =
        Request { method: "POST", path: "/api/v1/rooms", token: &scene.token, body: Some(&room) };
    Script::new(&request, Values::Numbered(""))
}

fn p50(turn: &Turn) -> Result<Duration> {
    turn.sent.p50.context("a tool does not tell the p50")
}
