use diesel::deserialize::FromSqlRow;
use diesel::dsl::sql;
use diesel::expression::QueryMetadata;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::CompatibleType;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio_postgres::Client;

use super::connection::Connection;
use super::unprepared::Statement;
use super::url::Role;
use crate::row::Lasting;

/// A query that gives rows, and can share a connection.
///
/// `LoadQuery` of diesel-async says the same with the connection in the type, which is a reference here:
/// the compiler cannot tell that a future with such a bound is [`Send`].
pub(crate) trait Read<R>: Send + 'static {
    /// Sends the query when it is first polled, and returns all rows.
    fn read_on(self, connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Vec<R>>>;

    /// The same, without having it prepared.
    fn read_whole(self, client: &Client) -> BoxFuture<'_, QueryResult<Vec<R>>>;
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

    fn read_whole(self, client: &Client) -> BoxFuture<'_, QueryResult<Vec<R>>> {
        match Statement::of(&self.as_query()) {
            Ok(statement) => statement.load(client).boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }
}

/// Runs a query. Of a primary, it fails if a server that has become a standby may have answered it with what was so
/// once.
///
/// A row that lasts is the same on every server, so only who finds none, or one that may have changed, asks.
pub(super) async fn read_as_from<R>(
    role: Role,
    query: impl Read<R>,
    connection: &Connection,
) -> QueryResult<Vec<R>>
where
    R: Lasting,
{
    let rows = connection.read(query).await?;
    if role == Role::Replica || !rows.is_empty() && rows.iter().all(R::lasts) {
        return Ok(rows);
    }
    // A standby says yes, whatever it is told.
    let is_read_only = sql::<Bool>("SELECT current_setting('transaction_read_only')::boolean");
    if connection.read::<bool>(is_read_only).await? == [false] {
        return Ok(rows);
    }
    // As it would answer a write.
    let reason = Box::new("the server takes no writes any more".to_owned());
    Err(Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, reason))
}
