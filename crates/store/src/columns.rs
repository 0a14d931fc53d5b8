//! The values of the columns whose types differ from one database to the other.

use std::io::Write;

use chats_domain::values::Timestamp;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::schema;

#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = schema::Uuid)]
pub(crate) struct UuidColumn(pub(crate) Uuid);

impl ToSql<schema::Uuid, Pg> for UuidColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<schema::Uuid, Pg> for UuidColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<schema::Uuid, Sqlite> for UuidColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<schema::Uuid, Sqlite> for UuidColumn {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

/// JSON, whose text neither we nor the database touch.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = schema::JsonText)]
pub(crate) struct JsonColumn(pub(crate) String);

impl ToSql<schema::JsonText, Pg> for JsonColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Text, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<schema::JsonText, Pg> for JsonColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<schema::JsonText, Sqlite> for JsonColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        ToSql::<Text, Sqlite>::to_sql(&self.0, out)
    }
}

impl FromSql<schema::JsonText, Sqlite> for JsonColumn {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Sqlite>>::from_sql(value).map(Self)
    }
}

#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = schema::Moment)]
pub(crate) struct MomentColumn(pub(crate) Timestamp);

/// PostgreSQL counts microseconds too, from the start of the year 2000.
const POSTGRES_EPOCH_UNIX_MICROS: i64 = 946_684_800_000_000;

impl ToSql<schema::Moment, Pg> for MomentColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = self.0.as_unix_micros();
        let micros = micros
            .checked_sub(POSTGRES_EPOCH_UNIX_MICROS)
            .ok_or("the moment is before what PostgreSQL can store")?;
        out.write_all(&micros.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<schema::Moment, Pg> for MomentColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        let micros = micros
            .checked_add(POSTGRES_EPOCH_UNIX_MICROS)
            .ok_or("the moment is after what a timestamp can hold")?;
        Ok(Self(Timestamp::from_unix_micros(micros)))
    }
}

impl ToSql<schema::Moment, Sqlite> for MomentColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_unix_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<schema::Moment, Sqlite> for MomentColumn {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Timestamp::from_unix_micros(value.read_long())))
    }
}
