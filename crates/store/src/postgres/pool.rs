//! The pool: deadpool's, with our connections.

use std::time::Duration;

use chats_domain::ports::Cause;
use deadpool::Runtime;
use deadpool::managed::{
    self, BuildError, Manager, Metrics, PoolError, RecycleError, RecycleResult, Timeouts,
};
use diesel::result::ConnectionError;
use tokio::runtime::Handle;

use super::connection::Connection;
use super::connector::Connector;

pub(super) type Pool = managed::Pool<Connector>;

/// A connection of the pool, to which it goes back when this is dropped.
pub(super) type Pooled = managed::Object<Connector>;

/// A pool of so many connections, of which none is open yet.
pub(super) fn pool(
    connector: Connector,
    most: usize,
    acquire_timeout: Duration,
) -> Result<Pool, BuildError> {
    let acquire_timeout = Some(acquire_timeout);
    Pool::builder(connector)
        .max_size(most)
        .timeouts(Timeouts {
            wait: acquire_timeout,
            // The connector has its own, and tells more.
            create: None,
            recycle: acquire_timeout,
        })
        .runtime(Runtime::Tokio1)
        .build()
}

/// Lends a connection. Who waits for one to be opened may leave: the next one finds it.
pub(super) async fn lend(pool: &Pool, runtime: &Handle) -> Result<Pooled, Cause> {
    if pool.status().available > 0 {
        return pool.get().await.map_err(cause);
    }
    let pool = pool.clone();
    let lent = runtime.spawn(async move { pool.get().await });
    lent.await?.map_err(cause)
}

impl Manager for Connector {
    type Type = Connection;
    type Error = ConnectionError;

    async fn create(&self) -> Result<Connection, ConnectionError> {
        self.connect().await
    }

    /// A closed connection is noticed without a query.
    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> RecycleResult<ConnectionError> {
        if connection.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}

/// Why there is no connection, without the pool's own words about it.
pub(super) fn cause(error: PoolError<ConnectionError>) -> Cause {
    match error {
        PoolError::Backend(error) => Box::new(error),
        error => Box::new(error),
    }
}
