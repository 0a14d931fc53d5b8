//! Statements that are not prepared: text, types and values go to the server at once, and nothing is left of
//! them there.
//!
//! Diesel-async prepares each statement under a name, even if it is not to keep it. Behind a pooler that gives
//! each transaction another connection, the name is known on another one than the statement then runs on.

use std::num::NonZeroU32;
use std::ops::Range;

use bytes::BytesMut;
use chats_domain::ports::Cause;
use diesel::deserialize::FromSqlRow;
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata, PgValue};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use futures_util::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

/// A statement as it goes to the server.
pub(super) struct Statement {
    text: String,
    parameters: Vec<(Parameter, Type)>,
}

impl Statement {
    pub(super) fn of(query: &impl QueryFragment<Pg>) -> QueryResult<Self> {
        let mut text = PgQueryBuilder::default();
        query.to_sql(&mut text, &Pg)?;
        let mut binds = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut binds, &mut LeftToTheServer, &Pg)?;
        let types = binds.metadata.iter().map(type_of).collect::<QueryResult<Vec<_>>>()?;
        let parameters = binds.binds.into_iter().map(Parameter).zip(types).collect();
        Ok(Self { text: text.finish(), parameters })
    }

    /// Sends it when this is first polled, and returns all rows.
    pub(super) async fn load<R, SqlType>(self, client: &Client) -> QueryResult<Vec<R>>
    where
        R: FromSqlRow<SqlType, Pg>,
    {
        let rows =
            client.query_typed_raw(&self.text, self.parameters).await.map_err(|it| failure(&it))?;
        let rows: Vec<_> = rows.map_ok(SentRow).try_collect().await.map_err(|it| failure(&it))?;
        let row = |row| R::build_from_row(row).map_err(Error::DeserializationError);
        rows.iter().map(row).collect()
    }

    /// Sends it when this is first polled, and returns how many rows it changed.
    pub(super) async fn execute(self, client: &Client) -> QueryResult<usize> {
        let parameters = self.parameters.iter();
        let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
            parameters.map(|(value, of)| (value as _, of.clone())).collect();
        let changed =
            client.execute_typed(&self.text, &parameters).await.map_err(|it| failure(&it))?;
        changed.try_into().map_err(|error| Error::DeserializationError(Box::new(error)))
    }
}

/// A value, as the server reads it.
#[derive(Debug)]
struct Parameter(Option<Vec<u8>>);

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        let Some(bytes) = &self.0 else {
            return Ok(IsNull::Yes);
        };
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Types that have no number everywhere are for the server to find.
struct LeftToTheServer;

impl PgMetadataLookup for LeftToTheServer {
    fn lookup_type(&mut self, _name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

fn type_of(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata.oid().map_err(|error| Error::SerializationError(Box::new(error)))?;
    let unknown = || Type::new(String::new(), oid, Kind::Simple, String::new());
    Ok(Type::from_oid(oid).unwrap_or_else(unknown))
}

/// A row as Diesel reads it.
struct SentRow(tokio_postgres::Row);

impl RowSealed for SentRow {}

impl<'a> Row<'a, Pg> for SentRow {
    type Field<'f>
        = SentField<'f>
    where
        'a: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<SentField<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let column = self.0.columns().get(index)?;
        let value = self.0.try_get::<_, Option<Bytes<'_>>>(index).ok()?;
        let oid = NonZeroU32::new(column.type_().oid())?;
        Some(SentField { name: column.name(), value: value.map(|Bytes(it)| it), oid })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for SentRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl RowIndex<&str> for SentRow {
    fn idx(&self, name: &str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

struct SentField<'a> {
    name: &'a str,
    value: Option<&'a [u8]>,
    oid: NonZeroU32,
}

impl<'a> Field<'a, Pg> for SentField<'a> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        self.value.map(|bytes| PgValue::new(bytes, &self.oid))
    }
}

/// A value of any type, as the server wrote it.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Cause> {
        Ok(Self(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The kinds are those that diesel-async tells apart, of which some matter here.
pub(super) fn failure(error: &tokio_postgres::Error) -> Error {
    use DatabaseErrorKind as Kind;

    let Some(said) = error.as_db_error() else {
        return Error::DatabaseError(Kind::UnableToSendCommand, Box::new(error.to_string()));
    };
    let kind = match *said.code() {
        SqlState::UNIQUE_VIOLATION => Kind::UniqueViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => Kind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => Kind::ReadOnlyTransaction,
        SqlState::NOT_NULL_VIOLATION => Kind::NotNullViolation,
        SqlState::CHECK_VIOLATION => Kind::CheckViolation,
        _ => Kind::Unknown,
    };
    Error::DatabaseError(kind, Box::new(said.message().to_owned()))
}
