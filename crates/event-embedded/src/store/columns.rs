//! Values as SQLite keeps them, where Diesel does not know how.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, Text};
use diesel::sqlite::Sqlite;
use serde_json::value::RawValue;
use uuid::Uuid;

/// A UUID, in its sixteen bytes.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(super) struct Id(pub(super) Uuid);

/// JSON, in its text.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub(super) struct Json(pub(super) Box<RawValue>);

impl fmt::Debug for Json {
    /// Shows the size only: no log is to hold the tenants' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.get().len())
    }
}

impl ToSql<Binary, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Binary, Sqlite> for Id {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

impl ToSql<Text, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.get());
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Sqlite> for Json {
    fn from_sql(text: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(text)?;
        Ok(Self(RawValue::from_string(text)?))
    }
}
