//! What the measurements are compared with.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::task::spawn_blocking;

use super::super::Bench;
use super::super::chats::{CHAT_ID_PREFIX, FIRST_CHAT};
use super::super::fixed_json::FixedJson;
use super::super::pgbench::Task;
use super::super::sqlite_loop;
use crate::deployment::{OUR_AUDIENCE, OUR_TUTOR};
use crate::measure::scene::{CONNECTIONS, Scene};
use crate::measure::script::Script;
use crate::measure::turn::{Sent, Turn};

/// A limit and its name.
pub(super) type Limit = (&'static str, Turn);

/// A server that always answers the same, sent what the service is sent.
pub(super) async fn fixed_json(
    bench: &Bench<'_>,
    server: &FixedJson,
    script: &Script,
    length: Duration,
) -> Result<Limit> {
    let tool = bench.wrk.run(&server.url, script, CONNECTIONS, length);
    Ok(("fixed JSON", Turn::of(&[server.part()], tool).await?))
}

/// PostgreSQL reading one of `chats` by its identifier, for eight clients.
pub(super) async fn select(
    bench: &Bench<'_>,
    scene: &Scene,
    chats: u32,
    length: Duration,
) -> Result<Limit> {
    let last = FIRST_CHAT + u64::from(chats) - 1;
    let script = format!(
        "\\set n random({FIRST_CHAT}, {last})\n\
         SELECT id, audience, scope, tags, event_room_id, created_at, state, attempt, lease_until \
         FROM chat WHERE id = ('{CHAT_ID_PREFIX}' || :n)::uuid;\n"
    );
    let task = Task { script: &script, variables: &[], clients: 8, length };
    let turn = pgbench(bench, scene, &task).await?;
    Ok(("pgbench -c 8", turn))
}

/// PostgreSQL making chats in two commits each, for as many clients as suits it better.
pub(super) async fn two_commits(
    bench: &Bench<'_>,
    scene: &Scene,
    length: Duration,
) -> Result<Limit> {
    let few = two_commits_for(bench, scene, 8, length).await?;
    let many = two_commits_for(bench, scene, 32, length).await?;
    let is_better = many.sent.per_second > few.sent.per_second;
    Ok(if is_better { ("pgbench -c 32", many) } else { ("pgbench -c 8", few) })
}

async fn two_commits_for(
    bench: &Bench<'_>,
    scene: &Scene,
    clients: u32,
    length: Duration,
) -> Result<Turn> {
    let run = bench.unique_number();
    let script = insert(run) + &update(run);
    let task = Task { script: &script, variables: &[COUNTER], clients, length };
    pgbench(bench, scene, &task).await
}

/// PostgreSQL committing one statement after the other, each of them timed.
pub(super) async fn one_commit(
    bench: &Bench<'_>,
    scene: &Scene,
    clients: u32,
    length: Duration,
) -> Result<Turn> {
    let script = insert(bench.unique_number());
    let task = Task { script: &script, variables: &[COUNTER], clients, length };
    let url = scene.database_url();
    Turn::of(&scene.database_parts(), bench.pgbench.run_timed(&url, &task)).await
}

/// SQLite reading chats by their identifiers.
pub(super) async fn sqlite_reads(file: &Path, ids: &[String], length: Duration) -> Result<Limit> {
    let (file, ids) = (file.to_owned(), ids.to_owned());
    let sent = spawn_blocking(move || sqlite_loop::reads(&file, &ids, length)).await??;
    Ok(("SQLite in a loop", in_a_loop(sent)))
}

/// SQLite making chats in two commits each.
pub(super) async fn sqlite_creates(file: &Path, length: Duration) -> Result<Limit> {
    let file = file.to_owned();
    let sent = spawn_blocking(move || sqlite_loop::creates(&file, length)).await??;
    Ok(("chats in SQLite", in_a_loop(sent)))
}

/// SQLite opening rooms as the embedded event service does.
pub(super) async fn sqlite_rooms(file: &Path, length: Duration) -> Result<Limit> {
    let file = file.to_owned();
    let sent = spawn_blocking(move || sqlite_loop::rooms(&file, length)).await??;
    Ok(("rooms in SQLite", in_a_loop(sent)))
}

/// The slower of two.
pub(super) fn slower(one: Limit, other: Limit) -> Limit {
    if other.1.sent.per_second < one.1.sent.per_second { other } else { one }
}

fn in_a_loop(sent: Sent) -> Turn {
    Turn { sent, cpu_micros: Vec::new() }
}

async fn pgbench(bench: &Bench<'_>, scene: &Scene, task: &Task<'_>) -> Result<Turn> {
    let url = scene.database_url();
    Turn::of(&scene.database_parts(), bench.pgbench.run(&url, task)).await
}

/// How often a client of pgbench has carried out its script.
const COUNTER: &str = "i=0";

/// A chat that is reserved as the service does it, but for so long that recovery leaves it alone. No two
/// clients and no two runs make the same one.
fn insert(run: u32) -> String {
    format!(
        "\\set i :i + 1\n\
         \\set n {FIRST_CHAT} + :client_id * 1000000000 + :i\n\
         INSERT INTO chat (id, audience, scope, tags, created_at, state, attempt, lease_until, asked_by) \
         VALUES (('{run:08}-0000-7000-9000-' || :n)::uuid, '{OUR_AUDIENCE}', 'pgbench-{run}-' || :n, \
                 '{{\"grade\":7}}', now(), 'opening', 1, now() + interval '1 day', '{OUR_TUTOR}') \
         ON CONFLICT DO NOTHING;\n"
    )
}

/// The same chat, as it is confirmed.
fn update(run: u32) -> String {
    format!(
        "UPDATE chat SET state = 'ready', lease_until = NULL, \
                event_room_id = ('{run:08}-0000-4000-9000-' || :n)::uuid \
         WHERE id = ('{run:08}-0000-7000-9000-' || :n)::uuid AND state = 'opening' AND attempt = 1;\n"
    )
}
