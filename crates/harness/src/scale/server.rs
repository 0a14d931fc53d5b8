use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use anyhow::{Context, Result};
use chats_testkit::postgres::{Cluster, database_on};
use tokio::task::spawn_blocking;

use crate::deployment::{Database, connect};
use crate::measure::scene::make_durable;

/// What an operator sets who gives the server a machine with 4 GiB of memory. All else is as by default.
///
/// A database of ten million chats does not fit into the shared buffers; whether it fits into the system's cache of
/// files is up to the machine.
pub(super) const SETTINGS: &str = "shared_buffers = 1GB, max_wal_size = 4GB";

/// Has the server tell plans in its log, once [`Server::tell_plans`] says so, each with its database's name.
const TO_TELL_PLANS: &str = "
    session_preload_libraries = 'auto_explain'
    auto_explain.log_min_duration = -1
    auto_explain.log_analyze = on
    auto_explain.log_buffers = on
    auto_explain.log_timing = on
    log_line_prefix = '%d '
";

/// A PostgreSQL server with a database for each size.
pub(super) struct Server {
    cluster: Arc<Cluster>,
    /// The number of its first process.
    pub(super) process: u32,
}

impl Server {
    pub(super) async fn start() -> Result<Self> {
        let cluster = spawn_blocking(|| {
            let cluster = Cluster::start()?;
            let settings = SETTINGS.replace(", ", "\n") + TO_TELL_PLANS;
            cluster.reconfigure(&[], &settings).map(|()| cluster)
        });
        let cluster = cluster.await?.context(
            "PostgreSQL does not start (it needs auto_explain, which some systems have in a package of its own)",
        )?;
        let process = make_durable(&cluster.url()).await?;
        Ok(Self { cluster: Arc::new(cluster), process })
    }

    /// Makes an empty database.
    pub(super) async fn database(&self) -> Result<Database> {
        let url = database_on(&self.cluster.url()).await?;
        Ok(Database::Postgres { server: Arc::clone(&self.cluster), url })
    }

    /// Has the server tell the plan of each statement in its log, or stop it.
    pub(super) async fn tell_plans(&self, tell: bool) -> Result<()> {
        let from_how_long_on = if tell { 0 } else { -1 };
        let client = connect(&self.cluster.url()).await?;
        let set = format!("ALTER SYSTEM SET auto_explain.log_min_duration = {from_how_long_on}");
        client.batch_execute(&set).await?;
        Ok(client.batch_execute("SELECT pg_reload_conf()").await?)
    }

    /// How long the log is by now.
    pub(super) fn length_of_log(&self) -> Result<u64> {
        Ok(self.cluster.log().metadata()?.len())
    }

    /// What was logged after so many bytes.
    pub(super) fn log_from(&self, position: u64) -> Result<String> {
        let mut file = File::open(self.cluster.log())?;
        file.seek(SeekFrom::Start(position))?;
        let mut log = Vec::new();
        file.read_to_end(&mut log)?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}
