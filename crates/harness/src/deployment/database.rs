use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, fs, io};

use anyhow::Result;
use chats_testkit::postgres::{Cluster, ClusterError, Pair};
use clap::ValueEnum;
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::sql;

/// Which database the service works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DatabaseKind {
    /// A throw-away server, to be killed like everything else.
    Postgres,
    /// Two such servers: when the primary is killed, its synchronous standby takes its place.
    Pair,
    /// A file.
    Sqlite,
}

/// A chat as its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) audience: String,
    pub(crate) scope: String,
    pub(crate) tags: Option<Value>,
    pub(crate) event_room_id: Option<Uuid>,
    pub(crate) is_ready: bool,
}

/// The database of a deployment. A clone is the same one.
#[derive(Clone)]
pub(crate) enum Database {
    /// A server, and one of its databases.
    Postgres {
        server: Arc<Cluster>,
        url: String,
    },
    Pair(Arc<Pair>),
    Sqlite(PathBuf),
}

impl Database {
    pub(super) async fn start(kind: DatabaseKind, directory: &Path) -> Result<Self> {
        Ok(match kind {
            DatabaseKind::Postgres => {
                let server = spawn_blocking(Cluster::start).await??;
                Self::Postgres { url: server.url(), server: Arc::new(server) }
            }
            DatabaseKind::Pair => Self::Pair(Arc::new(spawn_blocking(Pair::start).await??)),
            DatabaseKind::Sqlite => Self::Sqlite(directory.join("chats.sqlite")),
        })
    }

    /// As the service is told.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Postgres { url, .. } => url.clone(),
            Self::Pair(pair) => pair.url(),
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
        }
    }

    /// Kills the server; of several, the primary. Returns the moment from which it does nothing any more.
    pub(crate) async fn kill(&self) -> Result<Instant> {
        match self {
            Self::Postgres { server, .. } => with(server, Cluster::kill).await,
            Self::Pair(pair) => with(pair, Pair::kill_primary).await,
            // A file has no process of its own.
            Self::Sqlite(_) => Ok(Instant::now()),
        }
    }

    /// Has a killed server's place taken: by itself, or by its standby.
    pub(crate) async fn replace(&self) -> Result<()> {
        match self {
            Self::Postgres { server, .. } => with(server, Cluster::start_again).await,
            Self::Pair(pair) => with(pair, Pair::promote_standby).await,
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Makes good what is left of a kill: there is a standby again.
    pub(crate) async fn restore(&self) -> Result<()> {
        match self {
            Self::Pair(pair) => with(pair, Pair::restore_standby).await,
            Self::Postgres { .. } | Self::Sqlite(_) => Ok(()),
        }
    }

    /// All chats.
    pub(crate) async fn chats(&self) -> Result<Vec<Row>> {
        match self {
            Self::Postgres { .. } | Self::Pair(_) => sql::postgres::chats(&self.url()).await,
            Self::Sqlite(file) => {
                let file = file.clone();
                spawn_blocking(move || sql::sqlite::chats(&file)).await?
            }
        }
    }

    /// For how long the chat that has been opening for the longest time has been so; `None` if none is.
    pub(crate) async fn longest_opening(&self) -> Result<Option<Duration>> {
        match self {
            Self::Postgres { .. } | Self::Pair(_) => {
                sql::postgres::longest_opening(&self.url()).await
            }
            Self::Sqlite(file) => {
                let file = file.clone();
                spawn_blocking(move || sql::sqlite::longest_opening(&file)).await?
            }
        }
    }

    /// Saves what the server logged: its own file goes with it.
    pub(super) fn copy_log(&self, to: &Path) -> io::Result<()> {
        match self {
            Self::Postgres { server, .. } => fs::copy(server.log(), to).map(drop),
            Self::Pair(pair) => fs::copy(pair.log(), to).map(drop),
            Self::Sqlite(_) => Ok(()),
        }
    }
}

/// Does what blocks.
async fn with<T: Send + Sync + 'static, R: Send + 'static>(
    servers: &Arc<T>,
    work: impl FnOnce(&T) -> Result<R, ClusterError> + Send + 'static,
) -> Result<R> {
    let servers = Arc::clone(servers);
    Ok(spawn_blocking(move || work(&servers)).await??)
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Pair => "PostgreSQL with a standby",
            Self::Sqlite => "SQLite",
        })
    }
}
