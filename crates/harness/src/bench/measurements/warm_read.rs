use std::time::Duration;

use anyhow::Result;

use super::super::Bench;
use super::super::chats::{self, scope};
use super::super::figure::{Figure, Unit};
use super::super::fixed_json::{FixedJson, Verifies};
use super::super::rounds::Rounds;
use super::limits;
use crate::deployment::{DatabaseKind, OUR_AUDIENCE, Rooms};
use crate::measure::goal::Goal;
use crate::measure::proc::Memory;
use crate::measure::scene::{CONNECTIONS, Scene};
use crate::measure::script::{Request, Script, Values};
use crate::statistics::Spread;

/// How many chats are read in turn.
pub(super) const CHATS: u32 = 300;

const MORE_CHATS_THAN_ARE_KEPT: u32 = 200_000;

/// By identifier, and what the memory is afterwards.
pub(super) async fn by_id(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let scene = Scene::start(
        &bench.plan.chats,
        DatabaseKind::Postgres,
        Rooms::OfAnotherProcessInMemory,
        "",
    )
    .await?;
    let script = scene.reads(&chats::seed(&scene, CHATS).await?)?;
    let rounds = against_fixed_json(bench, &scene, &script).await?;
    let p99 = rounds.p99_ratio();
    let memory = memory_with_a_full_cache(bench).await?;
    Ok(vec![
        Figure::ratio("warm_read", rounds).with_goal(Goal::AtLeast(0.8)),
        Figure::of("warm_read_p99", Unit::Ratio, p99)
            .with_goal(Goal::AtMost(1.5))
            .with_note("p99 of the service to that of the fixed JSON"),
        Figure::of("warm_read_memory", Unit::Mebibytes, Spread::of([memory.most_resident_mib]))
            .with_goal(Goal::Under(64.0))
            .with_note(format!("at the end: {:.1} MiB resident", memory.resident_mib)),
    ])
}

/// What the memory is once more chats were read than the cache can keep.
async fn memory_with_a_full_cache(bench: &Bench<'_>) -> Result<Memory> {
    let scene = Scene::start(
        &bench.plan.chats,
        DatabaseKind::Postgres,
        Rooms::OfAnotherProcessInMemory,
        "",
    )
    .await?;
    let script = scene.reads(&chats::seed(&scene, MORE_CHATS_THAN_ARE_KEPT).await?)?;
    scene.wrk(&bench.wrk, &script, CONNECTIONS, Duration::from_secs(10)).await?;
    scene.memory()
}

/// By audience and scope.
pub(super) async fn by_key(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let scene = Scene::start(
        &bench.plan.chats,
        DatabaseKind::Postgres,
        Rooms::OfAnotherProcessInMemory,
        "",
    )
    .await?;
    chats::seed(&scene, CHATS).await?;
    let scopes: Vec<_> = (0..CHATS).map(scope).collect();
    let path = format!("/api/v1/audiences/{OUR_AUDIENCE}/chats/{{}}");
    let request = Request { method: "GET", path: &path, token: &scene.token, body: None };
    let script = Script::new(&request, Values::Rotating(&scopes))?;
    let rounds = against_fixed_json(bench, &scene, &script).await?;
    Ok(vec![Figure::ratio("warm_read_by_key", rounds)])
}

/// Both get the same requests.
pub(super) async fn against_fixed_json(
    bench: &Bench<'_>,
    scene: &Scene,
    script: &Script,
) -> Result<Rounds> {
    let server = FixedJson::start(Verifies::Nothing).await?;
    let limit = async |length| limits::fixed_json(bench, &server, script, length).await;
    let service = async |length| scene.wrk(&bench.wrk, script, CONNECTIONS, length).await;
    bench.rounds(&scene.servers(), limit, service).await
}
