//! The measurements, each in a file of its own.

mod cold_read;
mod convert;
mod create;
mod create_embedded;
mod create_latency;
mod first_seen_token;
mod fixed_json;
mod idle_connections;
mod limits;
mod open_loop;
mod sqlite;
mod warm_read;

use anyhow::Result;

use super::Bench;
use super::figure::Figure;
use super::name::Name;
use crate::deployment::DatabaseKind;

/// Measures one of them.
pub(super) async fn measure(name: Name, bench: &Bench<'_>) -> Result<Vec<Figure>> {
    match name {
        Name::FixedJson => fixed_json::measure(bench).await,
        Name::WarmRead => warm_read::by_id(bench).await,
        Name::WarmReadByKey => warm_read::by_key(bench).await,
        Name::ColdRead => cold_read::measure(bench).await,
        Name::FirstSeenToken => first_seen_token::measure(bench).await,
        Name::Create => create::measure(bench).await,
        Name::CreateLatency => create_latency::measure(bench).await,
        Name::CreateEmbedded => create_embedded::measure(bench, DatabaseKind::Postgres).await,
        Name::Convert => convert::measure(bench).await,
        Name::IdleConnections => idle_connections::measure(bench).await,
        Name::OpenLoopWarm => open_loop::warm(bench).await,
        Name::OpenLoopCold => open_loop::cold(bench).await,
        Name::SqliteReadWarm => sqlite::warm_read(bench).await,
        Name::SqliteReadCold => sqlite::cold_read(bench).await,
        Name::SqliteCreate => sqlite::create(bench).await,
        Name::SqliteCreateEmbedded => create_embedded::measure(bench, DatabaseKind::Sqlite).await,
    }
}
