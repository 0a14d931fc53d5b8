//! Rooms and events in SQLite.

mod columns;
mod events;
mod rooms;
mod schema;

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use chats_domain::ports::Cause;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::{Connection, QueryResult, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::sync::oneshot;

pub(crate) use rooms::{Added, IdempotencyKey, RoomChanges};

use crate::settings::Storage;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// With a write-ahead log, a commit is a `write` to a file, and what was written outlives the process,
/// however it is killed. `NORMAL` leaves out the `fsync` at each commit, which costs most of the time:
/// only a machine that loses its power can lose the last commits, and the database stays whole even
/// then. For the partner of development and tests that is enough.
const PRAGMAS: &str = "
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
";

/// How long a second process on the same file is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before a change that it is in the way of is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// One connection on a thread of its own, which does one job after the other.
///
/// SQLite has one writer at a time in any case, a job takes some microseconds, and a job once sent is
/// carried out even if nobody waits for it any more. The thread ends when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Store(mpsc::Sender<Job>);

type Job = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// Why the data could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path is not Unicode, which SQLite wants.
    #[error("the path {0:?} is not Unicode")]
    Path(PathBuf),
    /// The database could not be opened.
    #[error("the database of the embedded event service could not be opened")]
    Open(#[source] Cause),
    /// The database could not be brought up to date.
    #[error("the database of the embedded event service could not be migrated")]
    Migrate(#[source] Cause),
    /// The system gave no thread.
    #[error("the thread of the embedded event service's database could not be started")]
    Thread(#[source] std::io::Error),
}

/// Why the data could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not do it.
    #[error("the database refused")]
    Failed(#[source] Cause),
    /// The database's thread has died.
    #[error("the database is gone")]
    Gone,
}

impl Store {
    pub(crate) fn open(storage: &Storage) -> Result<Self, OpenError> {
        let url = match storage {
            Storage::File(path) => path.to_str().ok_or_else(|| OpenError::Path(path.clone()))?,
            Storage::Memory => ":memory:",
        };
        let mut connection = open_connection(url).map_err(OpenError::Open)?;
        connection.exclusive_transaction(migrate).map_err(OpenError::Migrate)?;

        let (jobs, receiver) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name("event-store".into())
            .spawn(move || {
                for job in receiver {
                    job(&mut connection);
                }
            })
            .map_err(OpenError::Thread)?;
        Ok(Self(jobs))
    }

    async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let job = Box::new(move |connection: &mut SqliteConnection| {
            // Nobody may be waiting any more.
            let _ = done.send(work(connection));
        });
        self.0.send(job).map_err(|_| StoreError::Gone)?;
        result
            .await
            .map_err(|_| StoreError::Gone)?
            .map_err(|error| StoreError::Failed(error.into()))
    }
}

fn open_connection(url: &str) -> Result<SqliteConnection, Cause> {
    let mut connection = SqliteConnection::establish(url)?;
    let busy_timeout = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
    connection.batch_execute(&busy_timeout)?;
    connection.batch_execute(PRAGMAS)?;
    change_to_wal(&mut connection)?;
    Ok(connection)
}

/// Changes the journal to a write-ahead log, if it is not that already.
///
/// SQLite does not wait where two processes do it at once, for each could be in the other's way.
fn change_to_wal(connection: &mut SqliteConnection) -> QueryResult<()> {
    let start = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && start.elapsed() < BUSY_TIMEOUT => {
                thread::sleep(BETWEEN_TRIES);
            }
            result => return result,
        }
    }
}

fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, it) if it.message() == "database is locked")
}

fn migrate(connection: &mut SqliteConnection) -> Result<(), Cause> {
    connection.run_pending_migrations(MIGRATIONS)?;
    Ok(())
}
