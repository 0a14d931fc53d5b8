use anyhow::{Result, bail};

use super::sqlite_loop;
use crate::deployment::{Database, OUR_AUDIENCE, OUR_TUTOR, connect};
use crate::measure::scene::Scene;

/// What the identifiers of seeded chats begin with. The rest is [`FIRST_CHAT`] and those after it, so that
/// pgbench, which knows no texts, can make them too.
pub(super) const CHAT_ID_PREFIX: &str = "00000000-0000-7000-8000-";
pub(super) const FIRST_CHAT: u64 = 100_000_000_000;

/// Puts chats into the database, and returns their identifiers in no order.
pub(super) async fn seed(scene: &Scene, chats: u32) -> Result<Vec<String>> {
    match scene.deployment().database() {
        Database::Sqlite(file) => {
            let file = file.clone();
            tokio::task::spawn_blocking(move || sqlite_loop::seed(&file, chats)).await??;
        }
        servers => seed_postgres(&servers.url(), chats).await?,
    }
    let mut ids: Vec<_> = (0..chats).map(chat_id).collect();
    fastrand::Rng::with_seed(7).shuffle(&mut ids);
    Ok(ids)
}

/// The scope of a seeded chat.
pub(super) fn scope(number: u32) -> String {
    format!("lesson-{number}")
}

fn chat_id(number: u32) -> String {
    format!("{CHAT_ID_PREFIX}{}", FIRST_CHAT + u64::from(number))
}

async fn seed_postgres(url: &str, chats: u32) -> Result<()> {
    let client = connect(url).await?;
    let insert = format!(
        "INSERT INTO chat (id, audience, scope, tags, event_room_id, created_at, state, attempt,
                           lease_until, asked_by)
         SELECT ('{CHAT_ID_PREFIX}' || {FIRST_CHAT} + n)::uuid, '{OUR_AUDIENCE}', 'lesson-' || n,
                '{{\"grade\":7}}', ('10000000-0000-4000-8000-' || {FIRST_CHAT} + n)::uuid,
                now(), 'ready', 1, NULL, '{OUR_TUTOR}'
         FROM generate_series(0, {chats} - 1) AS n"
    );
    if client.execute(&insert, &[]).await? != u64::from(chats) {
        bail!("not all chats were inserted");
    }
    // Later it would be in the way.
    client.batch_execute("VACUUM ANALYZE chat").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}
