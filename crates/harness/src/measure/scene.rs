use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::proc::{self, Memory};
use super::script::{Request, Script, Values};
use super::turn::{Part, Turn};
use super::wrk::Wrk;
use crate::deployment::{
    Database, DatabaseKind, Deployment, IdempotencyKeys, Layout, OUR_AUDIENCE, OUR_TUTOR, Pace,
    Rooms, connect, token,
};

/// How many connections wrk has.
pub(crate) const CONNECTIONS: u32 = 32;

/// Has the service ask the database each time.
pub(crate) const NO_CACHE: &str = "cache.chats = 0\n";

/// One instance of the service and what it needs.
pub(crate) struct Scene {
    deployment: Deployment,
    pub(crate) url: String,
    /// Of somebody who may do everything.
    pub(crate) token: String,
    service: u32,
    postgres: Option<u32>,
}

impl Scene {
    /// Starts all with the settings that they have by default, but for these.
    ///
    /// PostgreSQL syncs its commits, as it does in production.
    pub(crate) async fn start(
        chats: &Path,
        database: DatabaseKind,
        rooms: Rooms,
        settings: &str,
    ) -> Result<Self> {
        let layout = layout(database, rooms, settings);
        let deployment = Deployment::start_as(chats, layout).await?;
        let postgres = match deployment.database() {
            Database::Sqlite(_) => None,
            servers => Some(make_durable(&servers.url()).await?),
        };
        Self::of(deployment, postgres)
    }

    /// Of a deployment that runs, with the first process of its PostgreSQL.
    pub(crate) fn of(deployment: Deployment, postgres: Option<u32>) -> Result<Self> {
        let (_, url) = deployment.addresses().running().pop().context("no instance runs")?;
        let service = deployment.process_of(0).context("no instance runs")?;
        Ok(Self { deployment, url, token: token(OUR_TUTOR)?, service, postgres })
    }

    pub(crate) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub(crate) fn database_url(&self) -> String {
        self.deployment.database().url()
    }

    /// Those of our processes that do not descend from this one.
    pub(crate) fn servers(&self) -> Vec<u32> {
        self.postgres.into_iter().collect()
    }

    /// The parts whose processor time is told.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let postgres = self.postgres.map(|id| ("PostgreSQL", id));
        let events = self.deployment.event_process_id().map(|id| ("event service", id));
        [Some(("service", self.service)), postgres, events].into_iter().flatten().collect()
    }

    /// The database's part alone.
    pub(crate) fn database_parts(&self) -> Vec<Part> {
        self.postgres.map(|id| ("PostgreSQL", id)).into_iter().collect()
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        proc::memory(self.service)
    }

    /// A turn of wrk against the service.
    pub(crate) async fn wrk(
        &self,
        wrk: &Wrk,
        script: &Script,
        connections: u32,
        length: Duration,
    ) -> Result<Turn> {
        let tool = wrk.run(&self.url, script, connections, length);
        Turn::of(&self.parts(), tool).await
    }

    /// Reads of chats by their identifiers.
    pub(crate) fn reads(&self, ids: &[String]) -> Result<Script> {
        let path = "/api/v1/chats/{}";
        let request = Request { method: "GET", path, token: &self.token, body: None };
        Script::new(&request, Values::Rotating(ids))
    }

    /// Creates of chats that nobody has created before, by a number that no other turn has.
    pub(crate) fn creates(&self, turn: u32) -> Result<Script> {
        let body =
            format!(r#"{{"audience":"{OUR_AUDIENCE}","scope":"{{}}","tags":{{"grade":7}}}}"#);
        let request = Request {
            method: "POST",
            path: "/api/v1/chats",
            token: &self.token,
            body: Some(&body),
        };
        Script::new(&request, Values::Numbered(&format!("turn-{turn}-")))
    }
}

/// One instance with the settings that it has by default, but for these.
pub(crate) fn layout(database: DatabaseKind, rooms: Rooms, settings: &str) -> Layout {
    Layout {
        pace: Pace::AsByDefault,
        database,
        instances: 1,
        rooms,
        idempotency_keys: IdempotencyKeys::Honoured,
        settings: settings.to_owned(),
    }
}

/// Has the server sync its commits from now on. Returns the number of its first process.
pub(crate) async fn make_durable(url: &str) -> Result<u32> {
    let client = connect(url).await?;
    for setting in ["fsync", "full_page_writes"] {
        client.batch_execute(&format!("ALTER SYSTEM SET {setting} = on")).await?;
    }
    client.batch_execute("SELECT pg_reload_conf()").await?;
    let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
    let server = proc::parent_of(u32::try_from(backend)?);
    server.context("the server's process is not on this machine")
}
