use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::BoxFuture;

/// A query that changes something, can share a connection, and can be sent again.
pub(crate) trait Change: Send + Sync + 'static {
    /// Sends the query when it is first polled, and returns how many rows it changed.
    fn run_on<'a>(&self, connection: &'a AsyncPgConnection) -> BoxFuture<'a, QueryResult<usize>>;
}

impl<Q> Change for Q
where
    Q: QueryFragment<Pg> + QueryId + Send + Sync + 'static,
{
    fn run_on<'a>(
        &self,
        mut connection: &'a AsyncPgConnection,
    ) -> BoxFuture<'a, QueryResult<usize>> {
        AsyncConnectionCore::execute_returning_count(&mut connection, self)
    }
}
