//! PostgreSQL: a pool of connections that live on one runtime, for what changes something, and for reads
//! a connection for each runtime that asks, as far as there may be that many.

mod abandoned;
mod cancel;
mod change;
mod connection;
mod connector;
mod driven;
mod exclusive;
mod group_commit;
mod migrating;
mod outcome;
mod pipeline;
mod pipelines;
mod pool;
mod read;
mod server;
mod tls;
mod together;
mod unprepared;
mod url;
mod verifier;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chats_domain::ports::Cause;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use scopeguard::ScopeGuard;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use self::change::Change;
pub(crate) use self::connector::Connector;
use self::group_commit::{GroupCommit, Purpose};
use self::outcome::outcome;
use self::pipelines::Pipelines;
use self::pool::{Pool, Pooled, cause, lend, pool};
use self::read::{Read, read_as_from};
pub use self::tls::TlsError;
pub(crate) use self::url::{PostgresUrl, Role};
use crate::database::PoolSettings;
use crate::failure::Failure;
use crate::figures::Connections;
use crate::place::Place;
use crate::row::Lasting;

#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    group_commit: GroupCommit,
    pipelines: Arc<Pipelines>,
    connector: Arc<Connector>,
    answer_timeout: Duration,
}

/// A connection of the pool, to which it does not go back by itself.
struct Lent {
    connection: Guarded,
    since: Instant,
}

/// With what becomes of it if nobody waits for its answer any more.
type Guarded = ScopeGuard<(Pooled, Arc<Connector>), fn((Pooled, Arc<Connector>))>;

impl Postgres {
    /// Makes a pool, and the first connection as a trial. A replica is not waited for: it may come and go.
    pub(crate) async fn connect(
        connector: Connector,
        settings: PoolSettings,
    ) -> Result<Self, Cause> {
        let connector = Arc::new(connector);
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // The runtime of the store reads, too: whether a chat is there that is to be made, for example.
        let for_reads = (threads + 1).min(settings.max_connections.get() / 2);
        let of_pool = settings.max_connections.get() - for_reads;
        let pool = pool(Connector::clone(&connector), of_pool, settings.acquire_timeout)?;
        if connector.role() == Role::Primary {
            drop(pool.get().await.map_err(cause)?);
        }
        Ok(Self {
            pool,
            group_commit: GroupCommit::new(of_pool),
            pipelines: Arc::new(Pipelines::new(for_reads)),
            connector,
            answer_timeout: settings.answer_timeout,
        })
    }

    /// Runs a query that begins something, and returns how many rows it changed. It fails at once if too many wait.
    pub(crate) async fn begin(&self, place: Place, query: impl Change) -> Result<usize, Failure> {
        self.group_commit.carry_out(query, place, Purpose::Begin, self).await
    }

    /// Runs a query that changes what was begun, and returns how many rows it changed.
    pub(crate) async fn execute(&self, place: Place, query: impl Change) -> Result<usize, Failure> {
        self.group_commit.carry_out(query, place, Purpose::GoOn, self).await
    }

    /// Runs a query that reads: on the connection that the reads of this runtime share, if it has one.
    ///
    /// What it says is true of a server that takes writes, even if the connection is to one that did so once;
    /// unless it is a replica.
    pub(crate) async fn load<R>(&self, query: impl Read<R>) -> Result<Vec<R>, Failure>
    where
        R: Lasting + Send + 'static,
    {
        if let Some(pipeline) = self.pipelines.here() {
            return pipeline.read(query, &self.connector, self.answer_timeout).await;
        }
        let lent = self.lend_to_be_cancelled().await?;
        let (connection, _) = &*lent.connection;
        let answer = read_as_from(self.connector.role(), query, connection);
        let answer = timeout(self.answer_timeout, answer).await;
        self.settle(lent, answer)
    }

    /// Runs a query of an operator: on the connection that the reads of the store's own runtime share, if it has one. So
    /// it is answered though changes that wait hold all of the pool.
    pub(crate) async fn look<R>(&self, query: impl Read<R>) -> Result<Vec<R>, Failure>
    where
        R: Send + 'static,
    {
        let postgres = self.clone();
        let looked = self.connector.runtime().spawn(async move {
            let Some(pipeline) = postgres.pipelines.here() else {
                return postgres.run_on(postgres.lend_to_be_cancelled().await?, query).await;
            };
            pipeline.look(query, &postgres.connector, postgres.answer_timeout).await
        });
        looked.await.unwrap_or_else(|ended| Err(Failure::Unavailable(ended.into())))
    }

    /// Runs a query that changes rows and returns them.
    pub(crate) async fn change<R: 'static>(&self, query: impl Read<R>) -> Result<Vec<R>, Failure> {
        self.run_on(self.lend_to_be_left().await?, query).await
    }

    /// The connections, as they are now.
    pub(crate) fn connections(&self) -> Connections {
        let pool = self.pool.status();
        let mut connections = Connections {
            idle: pool.available,
            used: pool.size.saturating_sub(pool.available),
            max: pool.max_size,
            waiting: pool.waiting,
            queued_changes: self.group_commit.waiting(),
        };
        self.pipelines.count(&mut connections);
        connections
    }

    /// Closes the connections of other runtimes, once they have answered.
    pub(crate) async fn leave_other_runtimes(&self) {
        self.pipelines.end();
        self.connector.all_closed_elsewhere().await;
    }

    /// Closes all connections, and tells the server so.
    pub(crate) async fn close(&self) {
        self.pipelines.end();
        self.pool.close();
        self.connector.all_closed().await;
    }

    /// Runs a query that changes something on a connection of its own.
    async fn execute_alone(&self, change: &dyn Change) -> Result<usize, Failure> {
        let lent = self.lend_to_be_left().await?;
        let (connection, _) = &*lent.connection;
        let answer = timeout(self.answer_timeout, change.run_on(connection)).await;
        self.settle(lent, answer)
    }

    async fn run_on<R: 'static>(&self, lent: Lent, query: impl Read<R>) -> Result<Vec<R>, Failure> {
        let (connection, _) = &*lent.connection;
        let answer = timeout(self.answer_timeout, connection.read(query)).await;
        self.settle(lent, answer)
    }

    /// Lends a connection whose statement is cancelled if nobody waits for its answer any more.
    async fn lend_to_be_cancelled(&self) -> Result<Lent, Failure> {
        let connection = lend(&self.pool, self.connector.runtime()).await;
        let connection = connection.map_err(Failure::Unavailable)?;
        let guarded = (connection, Arc::clone(&self.connector));
        Ok(Lent { connection: scopeguard::guard(guarded, give_up), since: Instant::now() })
    }

    /// Lends a connection whose statement may commit something, and is left to end.
    async fn lend_to_be_left(&self) -> Result<Lent, Failure> {
        self.lend_to_be_cancelled().await.map(Lent::may_be_committed)
    }

    /// Lets a connection go back to the pool, if it may be of further use; and has the pool give up others that
    /// most probably are of none. It does not go back either if nobody waited for its answer: its query may
    /// still run.
    fn settle<T>(&self, lent: Lent, answer: Result<QueryResult<T>, Elapsed>) -> Result<T, Failure> {
        match &answer {
            // The server may be gone with its machine. Then those have not been heard of either.
            Err(_) => {
                drop(self.pool.retain(|_, it| it.recycled.unwrap_or(it.created) > lent.since));
            }
            // Another server takes writes now.
            Ok(Err(Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _))) => {
                drop(self.pool.retain(|_, _| false));
            }
            Ok(_) => {}
        }
        let is_answered = answer.is_ok();
        let outcome = outcome(answer);
        if is_answered {
            let (connection, _) = ScopeGuard::into_inner(lent.connection);
            if matches!(outcome, Err(Failure::Unavailable(_))) {
                drop(Pooled::take(connection));
            }
        }
        outcome
    }
}

impl Lent {
    /// From now on it is left, and not given up.
    fn may_be_committed(self) -> Self {
        let guarded = ScopeGuard::into_inner(self.connection);
        Self { connection: scopeguard::guard(guarded, leave), ..self }
    }
}

fn give_up((connection, connector): (Pooled, Arc<Connector>)) {
    connector.give_up(&connection);
    drop(Pooled::take(connection));
}

fn leave((connection, connector): (Pooled, Arc<Connector>)) {
    connector.leave(connection);
}
