use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio_postgres::NoTls;

use super::Bench;
use super::proc::{self, Memory};
use super::script::{Request, Script, Values};
use super::turn::{Part, Turn};
use crate::deployment::{
    Database, DatabaseKind, Deployment, IdempotencyKeys, Layout, OUR_AUDIENCE, OUR_TUTOR, Pace,
    Rooms, token,
};

/// How many connections wrk has.
pub(super) const CONNECTIONS: u32 = 32;

/// One instance of the service and what it needs, with chats to read.
pub(super) struct Scene {
    deployment: Deployment,
    pub(super) url: String,
    /// Of somebody who may do everything.
    pub(super) token: String,
    service: u32,
    postgres: Option<u32>,
}

impl Scene {
    /// Starts all with the settings that they have by default, but for these.
    ///
    /// PostgreSQL syncs its commits, as it does in production.
    pub(super) async fn start(
        bench: &Bench<'_>,
        database: DatabaseKind,
        rooms: Rooms,
        settings: &str,
    ) -> Result<Self> {
        let layout = Layout {
            pace: Pace::AsByDefault,
            database,
            instances: 1,
            rooms,
            idempotency_keys: IdempotencyKeys::Honoured,
            settings: settings.to_owned(),
        };
        let deployment = Deployment::start_as(&bench.plan.chats, layout).await?;
        let postgres = match deployment.database() {
            Database::Sqlite(_) => None,
            servers => Some(make_durable(&servers.url()).await?),
        };
        let (_, url) = deployment.addresses().running().pop().context("no instance runs")?;
        let service = deployment.process_of(0).context("no instance runs")?;
        Ok(Self { deployment, url, token: token(OUR_TUTOR)?, service, postgres })
    }

    pub(super) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub(super) fn database_url(&self) -> String {
        self.deployment.database().url()
    }

    /// Those of our processes that do not descend from this one.
    pub(super) fn servers(&self) -> Vec<u32> {
        self.postgres.into_iter().collect()
    }

    /// The parts whose processor time is told.
    pub(super) fn parts(&self) -> Vec<Part> {
        let postgres = self.postgres.map(|id| ("PostgreSQL", id));
        let events = self.deployment.event_process_id().map(|id| ("event service", id));
        [Some(("service", self.service)), postgres, events].into_iter().flatten().collect()
    }

    /// The database's part alone.
    pub(super) fn database_parts(&self) -> Vec<Part> {
        self.postgres.map(|id| ("PostgreSQL", id)).into_iter().collect()
    }

    pub(super) fn memory(&self) -> Result<Memory> {
        proc::memory(self.service)
    }

    /// A turn of wrk against the service.
    pub(super) async fn wrk(
        &self,
        bench: &Bench<'_>,
        script: &Script,
        connections: u32,
        length: Duration,
    ) -> Result<Turn> {
        let tool = bench.wrk.run(&self.url, script, connections, length);
        Turn::of(&self.parts(), tool).await
    }

    /// Reads of chats by their identifiers.
    pub(super) fn reads(&self, ids: &[String]) -> Result<Script> {
        let path = "/api/v1/chats/{}";
        let request = Request { method: "GET", path, token: &self.token, body: None };
        Script::new(&request, Values::Rotating(ids))
    }

    /// Creates of chats that nobody has created before.
    pub(super) fn creates(&self, bench: &Bench<'_>) -> Result<Script> {
        let body =
            format!(r#"{{"audience":"{OUR_AUDIENCE}","scope":"{{}}","tags":{{"grade":7}}}}"#);
        let request = Request {
            method: "POST",
            path: "/api/v1/chats",
            token: &self.token,
            body: Some(&body),
        };
        Script::new(&request, Values::Numbered(&format!("turn-{}-", bench.unique_number())))
    }

    /// Puts chats into the database, and returns their identifiers in no order.
    pub(super) async fn seed(&self, chats: u32) -> Result<Vec<String>> {
        match self.deployment.database() {
            Database::Sqlite(file) => {
                let file = file.clone();
                tokio::task::spawn_blocking(move || super::sqlite_loop::seed(&file, chats))
                    .await??;
            }
            servers => seed_postgres(&servers.url(), chats).await?,
        }
        let mut ids: Vec<_> = (0..chats).map(chat_id).collect();
        fastrand::Rng::with_seed(7).shuffle(&mut ids);
        Ok(ids)
    }
}

/// What the identifiers of seeded chats begin with. The rest is [`FIRST_CHAT`] and those after it, so that
/// pgbench, which knows no texts, can make them too.
pub(super) const CHAT_ID_PREFIX: &str = "00000000-0000-7000-8000-";
pub(super) const FIRST_CHAT: u64 = 100_000_000_000;

fn chat_id(number: u32) -> String {
    format!("{CHAT_ID_PREFIX}{}", FIRST_CHAT + u64::from(number))
}

/// The scope of a seeded chat.
pub(super) fn scope(number: u32) -> String {
    format!("lesson-{number}")
}

/// Has the server sync its commits from now on. Returns the number of its first process.
async fn make_durable(url: &str) -> Result<u32> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    for setting in ["fsync", "full_page_writes"] {
        client.batch_execute(&format!("ALTER SYSTEM SET {setting} = on")).await?;
    }
    client.batch_execute("SELECT pg_reload_conf()").await?;
    let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
    let server = proc::parent_of(u32::try_from(backend)?);
    server.context("the server's process is not on this machine")
}

async fn seed_postgres(url: &str, chats: u32) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
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
