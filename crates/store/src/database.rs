use std::num::NonZeroUsize;
use std::time::Duration;

use chats_domain::ports::Cause;
use tokio::runtime::Handle;

use crate::database_url::{DatabaseUrl, Kind};
use crate::postgres::{Connector, Postgres, TlsError};
use crate::sqlite::Sqlite;

/// The chat store on PostgreSQL or SQLite.
///
/// Its calls may be made from any tokio runtime with timers; its connections live on the one that it
/// was made with.
#[derive(Clone)]
pub struct DieselStore(pub(crate) Database);

#[derive(Clone)]
pub(crate) enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// How many connections there are, and how patient who uses them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// The most connections that are open to PostgreSQL. One for each processor and one more, but at the
    /// most half of them, serve the reads of one runtime each: so each worker has one, and the store's own
    /// runtime. The others form a pool. As many again may be open for a while, of which an answer did not come
    /// in time. SQLite has one that writes and a few that read, whatever this says.
    pub max_connections: NonZeroUsize,
    /// How long a call waits for a connection: for one to be free, and again for a new one to be made. A change has
    /// waited for its turn before, for as long as its caller does.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may take to answer, after which the connection is not used any more; and how long
    /// SQLite waits for another process that writes.
    pub answer_timeout: Duration,
}

/// Why a store could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// TLS cannot be as the URL asks for it.
    #[error("the URL asks for TLS that cannot be set up")]
    Tls(#[source] TlsError),
    /// The database could not be connected to.
    #[error("cannot connect to {url}")]
    NotConnected {
        /// The database, without a password.
        url: DatabaseUrl,
        /// Why.
        source: Cause,
    },
    /// The database could not be migrated.
    #[error("cannot migrate the database")]
    NotMigrated(#[source] Cause),
    /// The database could not be asked which migrations it has seen.
    #[error("cannot tell whether the database is up to date")]
    NotChecked(#[source] Cause),
}

impl DieselStore {
    /// Connects to a database. It is not migrated: [`migrate`](Self::migrate) it before its first use.
    ///
    /// A replica need not be there: it is connected to when it is read from.
    ///
    /// Connections are opened on `runtime`, which must outlive the store's use. Hand it the process's
    /// main runtime: a connection dies with its runtime, whoever else uses it.
    pub async fn connect(
        url: &DatabaseUrl,
        settings: PoolSettings,
        runtime: Handle,
    ) -> Result<Self, SetupError> {
        let database = match &url.0 {
            Kind::Postgres(url) => {
                let connector = Connector::new(url, settings, runtime).map_err(SetupError::Tls)?;
                Postgres::connect(connector, settings).await.map(Database::Postgres)
            }
            Kind::Sqlite(path) => Sqlite::open(path, settings, runtime).await.map(Database::Sqlite),
        };
        database.map(Self).map_err(|source| SetupError::NotConnected { url: url.clone(), source })
    }
}

/// Runs a query on whichever database it is. The query is expanded for each, since its type differs.
macro_rules! on_either {
    ($store:expr, $run:ident($($argument:expr),+)) => {
        match &$store.0 {
            $crate::database::Database::Postgres(postgres) => postgres.$run($($argument),+).await,
            $crate::database::Database::Sqlite(sqlite) => sqlite.$run($($argument),+).await,
        }
    };
}
pub(crate) use on_either;
