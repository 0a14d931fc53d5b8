//! PostgreSQL: a pool of connections that live on one runtime.

mod connector;
mod tls;
mod url;
mod verifier;

use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Cause;
use deadpool::Runtime;
use deadpool::managed::{BuildError, Object, Timeouts};
use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

pub(crate) use self::connector::Connector;
pub use self::tls::TlsError;
pub(crate) use self::url::PostgresUrl;
use crate::database::PoolSettings;
use crate::failure::Failure;

#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool<AsyncPgConnection>,
    connector: Arc<Connector>,
    answer_timeout: Duration,
}

type PooledConnection = Object<AsyncDieselConnectionManager<AsyncPgConnection>>;

impl Postgres {
    /// Makes a pool, and the first connection as a trial.
    pub(crate) async fn connect(
        connector: Connector,
        settings: PoolSettings,
    ) -> Result<Self, Cause> {
        let connector = Arc::new(connector);
        let pool = pool(Arc::clone(&connector), settings)?;
        drop(pool.get().await.map_err(cause)?);
        Ok(Self { pool, connector, answer_timeout: settings.answer_timeout })
    }

    /// Runs a query that changes something, and returns how many rows it changed.
    pub(crate) async fn execute<Q>(&self, query: Q) -> Result<usize, Failure>
    where
        Q: ExecuteDsl<AsyncPgConnection> + RunQueryDsl<AsyncPgConnection> + 'static,
    {
        let mut connection = self.connection().await?;
        let answer = timeout(self.answer_timeout, query.execute(&mut *connection)).await;
        checked(connection, answer)
    }

    /// Runs a query that reads.
    pub(crate) async fn load<Q, R>(&self, query: Q) -> Result<Vec<R>, Failure>
    where
        Q: LoadQuery<'static, AsyncPgConnection, R> + RunQueryDsl<AsyncPgConnection> + 'static,
        R: Send + 'static,
    {
        let mut connection = self.connection().await?;
        let answer = timeout(self.answer_timeout, query.load(&mut *connection)).await;
        checked(connection, answer)
    }

    /// Runs `work` on a connection of its own, while no other instance runs any such work, for which
    /// this waits as long as it takes.
    ///
    /// `work` may block.
    pub(crate) async fn exclusively<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut BlockingConnection) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let connection = self.connector.establish().await?;
        let locked_work = move || {
            let mut connection = BlockingConnection::from(connection);
            // The lock goes with the connection, at the latest.
            let lock = format!("SELECT pg_advisory_lock({EXCLUSIVE_WORK_LOCK})");
            SimpleConnection::batch_execute(&mut connection, &lock)?;
            work(&mut connection)
        };
        self.connector.runtime().spawn_blocking(locked_work).await?
    }

    async fn connection(&self) -> Result<PooledConnection, Failure> {
        let connection = self.pool.get().await;
        connection.map_err(|error| Failure::Unavailable(cause(error)))
    }
}

/// Says what a missing answer means. A connection that did not give one does not go back to the pool.
fn checked<T>(
    connection: PooledConnection,
    answer: Result<QueryResult<T>, Elapsed>,
) -> Result<T, Failure> {
    let cause: Cause = match answer {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                return Err(Failure::UniqueViolation);
            }
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                // The server became a standby.
                | DatabaseErrorKind::ReadOnlyTransaction
                // Diesel does not tell these apart: a server that goes down, a statement that was
                // cancelled or timed out, a deadlock, a full disk. Our statements are right, so it may
                // pass.
                | DatabaseErrorKind::Unknown,
                _,
            ) => Box::new(error),
            error => return Err(Failure::Failed(Box::new(error))),
        },
        Err(elapsed) => Box::new(elapsed),
    };
    drop(Object::take(connection));
    Err(Failure::Unavailable(cause))
}

/// A connection for code that blocks.
pub(crate) type BlockingConnection = AsyncConnectionWrapper<AsyncPgConnection>;

/// The key of an advisory lock is any number; this one is "chats" in ASCII.
const EXCLUSIVE_WORK_LOCK: i64 = 0x63_68_61_74_73;

fn pool(
    connector: Arc<Connector>,
    settings: PoolSettings,
) -> Result<Pool<AsyncPgConnection>, BuildError> {
    let mut manager_config = ManagerConfig::default();
    // A closed connection is noticed without a query.
    manager_config.recycling_method = RecyclingMethod::Fast;
    manager_config.custom_setup = Box::new(move |_| {
        let connector = Arc::clone(&connector);
        Box::pin(async move { connector.establish().await })
    });

    let acquire_timeout = Some(settings.acquire_timeout);
    // The manager never sees the URL: it is in the closure above.
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager_config))
        .max_size(settings.max_connections.get())
        .timeouts(Timeouts {
            wait: acquire_timeout,
            create: acquire_timeout,
            recycle: acquire_timeout,
        })
        .runtime(Runtime::Tokio1)
        .build()
}

/// Why there is no connection, without the pool's own words about it.
fn cause(error: PoolError) -> Cause {
    match error {
        PoolError::Backend(error) => Box::new(error),
        error => Box::new(error),
    }
}
