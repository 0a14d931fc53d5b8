use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::QueryResult;
use futures_util::future::BoxFuture;

use super::connection::Connection;

/// A query that changes something, can share a connection, and can be sent again.
pub(crate) trait Change: Send + Sync + 'static {
    /// Sends the query when it is first polled, and returns how many rows it changed.
    fn run_on<'a>(&self, connection: &'a Connection) -> BoxFuture<'a, QueryResult<usize>>;
}

impl<Q> Change for Q
where
    Q: QueryFragment<Pg> + QueryId + Send + Sync + 'static,
{
    fn run_on<'a>(&self, connection: &'a Connection) -> BoxFuture<'a, QueryResult<usize>> {
        connection.execute(self)
    }
}
