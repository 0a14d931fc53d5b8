//! The store, on real databases.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod bulk;
mod connecting;
mod contract;
mod cut;
mod failover;
mod figures;
mod group_commit;
mod instances;
mod leaving;
mod migrations;
mod pooler;
mod postgres;
mod runtimes;
mod schema;
mod sqlite;
mod statements;
mod tls;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{ChatIds, Reservation};
use chats_domain::values::Timestamp;
use chats_store::{DieselStore, PoolSettings};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::{Pooler, database};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// A store on an empty, migrated database in PostgreSQL.
async fn fresh_postgres() -> (Arc<DieselStore>, ()) {
    (Arc::new(migrated(&database().await.unwrap()).await), ())
}

/// The same, for a role that may use the tables and nothing else.
async fn fresh_postgres_of_a_mere_user() -> (Arc<DieselStore>, ()) {
    (Arc::new(connected(&mere_user().await, patient()).await), ())
}

/// The same, behind a pooler that gives each transaction one of two connections.
async fn fresh_postgres_behind_a_pooler() -> (Arc<DieselStore>, Pooler) {
    let url = database().await.unwrap();
    migrated(&url).await;
    let pooler = Pooler::start(&url, 2).unwrap();
    (Arc::new(pooler::behind(&pooler, patient()).await), pooler)
}

/// A store on an empty, migrated SQLite file, and the directory that it is in.
async fn fresh_sqlite() -> (Arc<DieselStore>, TempDir) {
    let (url, directory) = sqlite_file();
    (Arc::new(migrated(&url).await), directory)
}

/// The URL of a migrated database in PostgreSQL, for a role that may use its tables and nothing else.
async fn mere_user() -> String {
    let url = database().await.unwrap();
    migrated(&url).await;
    let role = format!("mere_user_{}", Uuid::new_v4().simple());
    let grants = format!(
        "CREATE ROLE {role};
         REVOKE ALL ON SCHEMA public FROM PUBLIC;
         GRANT USAGE ON SCHEMA public TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
    );
    operator(&url).await.batch_execute(&grants).await.unwrap();
    format!("{url}?options=-c%20role%3D{role}")
}

/// The URL of an SQLite file that is not there yet, and the directory that it is to be in.
fn sqlite_file() -> (String, TempDir) {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}/chats.db", directory.path().display());
    (url, directory)
}

async fn migrated(url: &str) -> DieselStore {
    let store = connected(url, patient()).await;
    store.migrate().await.unwrap();
    store
}

async fn connected(url: &str, settings: PoolSettings) -> DieselStore {
    let url = url.parse().unwrap();
    DieselStore::connect(&url, settings, Handle::current()).await.unwrap()
}

/// For tests that are about something else: on a busy machine, too, nobody waits this long.
fn patient() -> PoolSettings {
    PoolSettings {
        max_connections: NonZeroUsize::new(16).unwrap(),
        acquire_timeout: Duration::from_secs(30),
        answer_timeout: Duration::from_secs(30),
    }
}

/// A connection past the store, as an operator would have.
async fn operator(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn reservation(scope: &str) -> Reservation {
    let created_at = Timestamp::from_unix_micros(1_732_281_600_123_456);
    Reservation {
        id: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        scope: scope.parse().unwrap(),
        tags: None,
        existing_room: None,
        asked_by: "tutor-7.school.example.org".parse().unwrap(),
        created_at,
        lease_until: created_at,
    }
}
