//! SQLite: one connection that writes, and a few that read.
//!
//! A call blocks a thread of the runtime's pool for blocking work. It is carried out to its end there,
//! even if who asked has gone.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::panic::resume_unwind;
use std::path::{self, Path};
use std::thread;
use std::time::{Duration, Instant};

use chats_domain::ports::Cause;
use deadpool::Runtime;
use deadpool::unmanaged::{Pool, PoolConfig, PoolError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::result::{DatabaseErrorKind, Error};
use tokio::runtime::Handle;

use crate::database::PoolSettings;
use crate::failure::Failure;
use crate::figures::Connections;
use crate::place::Place;

/// The pause before a change that another process is in the way of is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// SQLite lets any number read while one writes.
const READERS: usize = 4;

#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Pool<SqliteConnection>,
    readers: Pool<SqliteConnection>,
    runtime: Handle,
}

impl Sqlite {
    /// Opens a database. Its file, and the directory that it is in, are made if they are missing; the directory is
    /// for us alone.
    pub(crate) async fn open(
        path: &Path,
        settings: PoolSettings,
        runtime: Handle,
    ) -> Result<Self, Cause> {
        // To SQLite some relative paths are no paths.
        let path = path::absolute(path)?;
        let open_all = move || -> Result<_, Cause> {
            if let Some(directory) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            }
            let writer = open_connection(&path, settings.answer_timeout)?;
            let readers: Result<Vec<_>, _> =
                (0..READERS).map(|_| open_connection(&path, settings.answer_timeout)).collect();
            Ok((writer, readers?))
        };
        let (writer, readers) = runtime.spawn_blocking(open_all).await??;
        Ok(Self {
            writer: pool(vec![writer], settings.acquire_timeout)?,
            readers: pool(readers, settings.acquire_timeout)?,
            runtime,
        })
    }

    /// Runs a query that begins something, and returns how many rows it changed.
    pub(crate) async fn begin<Q>(&self, place: Place, query: Q) -> Result<usize, Failure>
    where
        Q: ExecuteDsl<SqliteConnection> + Send + 'static,
    {
        self.execute(place, query).await
    }

    /// Runs a query that changes something, and returns how many rows it changed. There is one writer, and so one
    /// order.
    pub(crate) async fn execute<Q>(&self, _: Place, query: Q) -> Result<usize, Failure>
    where
        Q: ExecuteDsl<SqliteConnection> + Send + 'static,
    {
        self.run(&self.writer, |connection| ExecuteDsl::execute(query, connection)).await
    }

    /// Runs a query that reads.
    pub(crate) async fn load<Q, R>(&self, query: Q) -> Result<Vec<R>, Failure>
    where
        Q: LoadQuery<'static, SqliteConnection, R> + RunQueryDsl<SqliteConnection>,
        Q: Send + 'static,
        R: Send + 'static,
    {
        self.run(&self.readers, |connection| query.load(connection)).await
    }

    /// Runs a query of an operator.
    pub(crate) async fn look<Q, R>(&self, query: Q) -> Result<Vec<R>, Failure>
    where
        Q: LoadQuery<'static, SqliteConnection, R> + RunQueryDsl<SqliteConnection>,
        Q: Send + 'static,
        R: Send + 'static,
    {
        self.load(query).await
    }

    /// Runs a query that changes rows and returns them.
    pub(crate) async fn change<Q, R>(&self, query: Q) -> Result<Vec<R>, Failure>
    where
        Q: LoadQuery<'static, SqliteConnection, R> + RunQueryDsl<SqliteConnection>,
        Q: Send + 'static,
        R: Send + 'static,
    {
        self.run(&self.writer, |connection| query.load(connection)).await
    }

    /// Runs `work`, which changes something, in one transaction.
    pub(crate) async fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(&self.writer, |connection| connection.immediate_transaction(work)).await
    }

    /// Runs `work` in one transaction, while no other process runs any such work.
    pub(crate) async fn exclusively<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let mut connection = self.writer.get().await?;
        let locked_work = move || connection.exclusive_transaction(work);
        self.runtime.spawn_blocking(locked_work).await?
    }

    /// The connections, as they are now.
    pub(crate) fn connections(&self) -> Connections {
        let mut connections = Connections::default();
        for pool in [&self.writer, &self.readers] {
            let pool = pool.status();
            connections.idle += pool.available;
            connections.used += pool.size.saturating_sub(pool.available);
            connections.max += pool.max_size;
            connections.waiting += pool.waiting;
        }
        connections
    }

    /// Closes all connections, of which the last tidies up after the others.
    pub(crate) async fn close(&self) {
        let pools = [self.writer.clone(), self.readers.clone()];
        let close = move || pools.iter().for_each(Pool::close);
        // An error says that the runtime is ending, which closes them too.
        let _ = self.runtime.spawn_blocking(close).await;
    }

    async fn run<T: Send + 'static>(
        &self,
        pool: &Pool<SqliteConnection>,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let connection = pool.get().await;
        let mut connection = connection.map_err(|error| Failure::Unavailable(Box::new(error)))?;
        let ended = self.runtime.spawn_blocking(move || work(&mut connection)).await;
        match ended {
            Ok(result) => result.map_err(failure),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(cancelled) => Err(Failure::Unavailable(Box::new(cancelled))),
        }
    }
}

fn open_connection(path: &Path, busy_timeout: Duration) -> Result<SqliteConnection, Cause> {
    let path = path.to_str().ok_or("the path is not UTF-8")?;
    let mut connection = SqliteConnection::establish(path)?;
    // FULL, for a chat that was acknowledged is to outlive a power failure.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {};
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;",
        busy_timeout.as_millis()
    ))?;
    change_to_wal(&mut connection, busy_timeout)?;
    Ok(connection)
}

/// Changes the journal to WAL, if it is not that already.
///
/// SQLite does not wait where two processes do it at once, for each could be in the other's way.
fn change_to_wal(connection: &mut SqliteConnection, busy_timeout: Duration) -> QueryResult<()> {
    let start = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && start.elapsed() < busy_timeout => {
                thread::sleep(BETWEEN_TRIES);
            }
            result => return result,
        }
    }
}

fn pool(
    connections: Vec<SqliteConnection>,
    acquire_timeout: Duration,
) -> Result<Pool<SqliteConnection>, PoolError> {
    let pool = Pool::from_config(&PoolConfig {
        max_size: connections.len(),
        timeout: Some(acquire_timeout),
        runtime: Some(Runtime::Tokio1),
    });
    for connection in connections {
        pool.try_add(connection).map_err(|(_, error)| error)?;
    }
    Ok(pool)
}

/// What SQLite says, in words that do not change (`sqlite3_errstr`), when another process is in the way.
const BUSY: &str = "database is locked";

/// What it says when it may say something else later.
const TRANSIENT: [&str; 6] = [
    BUSY,
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "locking protocol",
    "unable to open database file",
];

fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, it) if it.message() == BUSY)
}

fn is_transient(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, it) if TRANSIENT.contains(&it.message()))
}

fn failure(error: Error) -> Failure {
    match &error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Failure::UniqueViolation,
        error_of_sqlite if is_transient(error_of_sqlite) => Failure::Unavailable(Box::new(error)),
        _ => Failure::Failed(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use diesel::dsl::sql;
    use diesel::sql_types::{Integer, Text};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_was_written_outlives_a_power_failure() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("chats.db");
        let mut connection = open_connection(&file, Duration::ZERO).unwrap();
        let journal: String =
            sql::<Text>("PRAGMA journal_mode").get_result(&mut connection).unwrap();
        let sync: i32 = sql::<Integer>("PRAGMA synchronous").get_result(&mut connection).unwrap();
        let full = 2;
        assert_eq!((journal.as_str(), sync), ("wal", full));
    }

    #[test]
    fn a_full_disk_is_a_failure_that_passes() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let full = connection.batch_execute(
            "CREATE TABLE filling (it BLOB);
             PRAGMA max_page_count = 4;
             INSERT INTO filling VALUES (zeroblob(100000));",
        );
        let failure = failure(full.unwrap_err());
        assert!(matches!(failure, Failure::Unavailable(_)), "{failure:?}");
    }

    #[test]
    fn a_query_that_is_wrong_stays_wrong() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let wrong = connection.batch_execute("SELECT * FROM nowhere");
        let failure = failure(wrong.unwrap_err());
        assert!(matches!(failure, Failure::Failed(_)), "{failure:?}");
    }
}
