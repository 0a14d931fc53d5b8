use diesel::deserialize::FromSqlRow;
use diesel::expression::QueryMetadata;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::CompatibleType;
use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};

/// A query that gives rows, and can share a connection.
///
/// `LoadQuery` of diesel-async says the same with the connection in the type, which is a reference here:
/// the compiler cannot tell that a future with such a bound is [`Send`].
pub(crate) trait Read<R>: Send + 'static {
    /// Sends the query when it is first polled, and returns all rows.
    fn read_on(self, connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Vec<R>>>;
}

impl<Q, R, SqlType> Read<R> for Q
where
    Q: AsQuery + Send + 'static,
    Q::Query: QueryFragment<Pg> + QueryId + Send + 'static,
    Q::SqlType: CompatibleType<R, Pg, SqlType = SqlType>,
    R: FromSqlRow<SqlType, Pg> + Send + 'static,
    Pg: QueryMetadata<Q::SqlType>,
    SqlType: 'static,
{
    fn read_on(self, mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Vec<R>>> {
        let rows = AsyncConnectionCore::load(&mut connection, self);
        let read = async move {
            let row = |row| R::build_from_row(&row?).map_err(Error::DeserializationError);
            rows.await?.map(row).try_collect().await
        };
        read.boxed()
    }
}
