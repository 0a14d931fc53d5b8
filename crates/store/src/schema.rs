//! The table, in SQL types that both databases have.
//!
//! They are public within this module, as the table that Diesel makes of them is.

/// UUIDs: `uuid` in PostgreSQL, `BLOB` in SQLite.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Uuid;

/// JSON as text: `json` in PostgreSQL, `TEXT` in SQLite.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 114, array_oid = 199), sqlite_type(name = "Text"))]
pub struct JsonText;

/// Moments: `timestamptz` in PostgreSQL, microseconds as `INTEGER` in SQLite.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Moment;

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::{JsonText, Moment, Uuid};

    chat (id) {
        id -> Uuid,
        audience -> Text,
        scope -> Text,
        tags -> Nullable<JsonText>,
        event_room_id -> Nullable<Uuid>,
        created_at -> Moment,
        state -> Text,
        attempt -> BigInt,
        lease_until -> Nullable<Moment>,
        asked_by -> Text,
    }
}
