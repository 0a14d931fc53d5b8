use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

/// A statement that is prepared once, and then found by its text. Those that Diesel builds are prepared
/// each time if they update, or if they insert and mind conflicts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    /// With a `?` in the place of each value.
    pub(super) sql: &'static str,
    pub(super) values: &'a [Value<'a>],
}

/// A value of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
    Integer(i64),
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (value, part) in self.values.iter().zip(parts) {
            match value {
                Value::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes)?,
                Value::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Value::Integer(integer) => out.push_bind_param::<BigInt, _>(integer)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    // There are several, so none is known by its type.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Statement<'_> {}
