use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::{ConnectionResult, QueryResult};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_postgres::{CancelToken, Client};

use super::connector::Opened;
use super::read::Read;
use super::unprepared::{Statement, failure};

/// A connection with the task that drives it.
pub(crate) struct Connection {
    sends: Sends,
    driver: JoinHandle<()>,
    server: usize,
}

/// How statements are sent.
enum Sends {
    /// Each is prepared once, and known by a name from then on.
    Prepared(Box<AsyncPgConnection>),
    /// Each is sent whole, and leaves nothing behind on the server.
    Whole(Client),
}

impl Connection {
    pub(super) async fn new(
        (client, driver): Opened,
        server: usize,
        prepares_statements: bool,
    ) -> ConnectionResult<Self> {
        let sends = if prepares_statements {
            Sends::Prepared(Box::new(AsyncPgConnection::try_from(client).await?))
        } else {
            Sends::Whole(client)
        };
        Ok(Self { sends, driver, server })
    }

    /// Sends a query when this is first polled, and returns all rows.
    pub(super) fn read<R>(&self, query: impl Read<R>) -> BoxFuture<'_, QueryResult<Vec<R>>> {
        match &self.sends {
            Sends::Prepared(connection) => query.read_on(connection),
            Sends::Whole(client) => query.read_whole(client),
        }
    }

    /// Sends a statement when this is first polled, and returns how many rows it changed.
    pub(super) fn execute<Q>(&self, statement: Q) -> BoxFuture<'_, QueryResult<usize>>
    where
        Q: QueryFragment<Pg> + QueryId,
    {
        match &self.sends {
            Sends::Prepared(connection) => {
                AsyncConnectionCore::execute_returning_count(&mut &**connection, statement)
            }
            Sends::Whole(client) => match Statement::of(&statement) {
                Ok(statement) => statement.execute(client).boxed(),
                Err(error) => ready(Err(error)).boxed(),
            },
        }
    }

    /// Sends statements that have no parameters when this is first polled.
    pub(super) async fn batch_execute(&self, statements: &str) -> QueryResult<()> {
        match &self.sends {
            Sends::Prepared(connection) => (&mut &**connection).batch_execute(statements).await,
            Sends::Whole(client) => {
                client.batch_execute(statements).await.map_err(|it| failure(&it))
            }
        }
    }

    /// Whether it is closed, which takes no question to the server.
    pub(super) fn is_closed(&self) -> bool {
        self.driver.is_finished()
    }

    /// The task that drives it. It ends once this is dropped and all is answered, or at once if it is aborted.
    pub(super) fn driver(&self) -> AbortHandle {
        self.driver.abort_handle()
    }

    /// The number of its server.
    pub(super) fn server(&self) -> usize {
        self.server
    }

    pub(super) fn cancel_token(&self) -> CancelToken {
        match &self.sends {
            Sends::Prepared(connection) => connection.cancel_token(),
            Sends::Whole(client) => client.cancel_token(),
        }
    }
}
