use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs, io};

use anyhow::Result;
use chats_testkit::postgres::{Cluster, ClusterError};
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
    Postgres(Arc<Cluster>),
    Sqlite(PathBuf),
}

impl Database {
    pub(super) async fn start(kind: DatabaseKind, directory: &Path) -> Result<Self> {
        Ok(match kind {
            DatabaseKind::Postgres => {
                Self::Postgres(Arc::new(spawn_blocking(Cluster::start).await??))
            }
            DatabaseKind::Sqlite => Self::Sqlite(directory.join("chats.sqlite")),
        })
    }

    /// As the service is told.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Postgres(cluster) => cluster.url(),
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
        }
    }

    pub(super) async fn kill(&self) -> Result<()> {
        self.with_cluster(Cluster::kill).await
    }

    pub(super) async fn start_again(&self) -> Result<()> {
        self.with_cluster(Cluster::start_again).await
    }

    /// All chats.
    pub(crate) async fn chats(&self) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(cluster) => sql::postgres::chats(&cluster.url()).await,
            Self::Sqlite(file) => {
                let file = file.clone();
                spawn_blocking(move || sql::sqlite::chats(&file)).await?
            }
        }
    }

    /// For how long the chat that has been opening for the longest time has been so; `None` if none is.
    pub(crate) async fn longest_opening(&self) -> Result<Option<Duration>> {
        match self {
            Self::Postgres(cluster) => sql::postgres::longest_opening(&cluster.url()).await,
            Self::Sqlite(file) => {
                let file = file.clone();
                spawn_blocking(move || sql::sqlite::longest_opening(&file)).await?
            }
        }
    }

    /// Saves what the server logged: its own file goes with it.
    pub(super) fn copy_log(&self, to: &Path) -> io::Result<()> {
        match self {
            Self::Postgres(cluster) => fs::copy(cluster.log(), to).map(drop),
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// A file has no process of its own.
    async fn with_cluster(
        &self,
        work: impl FnOnce(&Cluster) -> Result<(), ClusterError> + Send + 'static,
    ) -> Result<()> {
        let Self::Postgres(cluster) = self else { return Ok(()) };
        let cluster = Arc::clone(cluster);
        Ok(spawn_blocking(move || work(&cluster)).await??)
    }
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}
