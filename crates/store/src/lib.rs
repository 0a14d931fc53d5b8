//! Adapter: the [`ChatStore`](chats_domain::ports::ChatStore) and the
//! [`BulkStore`](chats_domain::ports::BulkStore) on Diesel, for PostgreSQL and for SQLite.
//!
//! Both databases have one schema, one kind of row and one set of queries. Where they differ (the types
//! of columns, connections, what an error means) each has a file of its own.

mod bulk_store;
mod chat_store;
mod columns;
mod database;
mod database_url;
mod failure;
mod figures;
mod migrations;
mod place;
mod postgres;
mod row;
mod schema;
mod sqlite;
mod update;

pub use database::{DieselStore, PoolSettings, SetupError};
pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
pub use figures::{Connections, OpeningChats};
pub use postgres::TlsError;
