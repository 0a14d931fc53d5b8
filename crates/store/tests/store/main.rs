//! The store, on real databases.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod connecting;
mod contract;
mod instances;
mod migrations;
mod postgres;
mod runtimes;
mod schema;
mod sqlite;

use std::sync::Arc;

use chats_domain::ports::{ChatIds, ChatStore, Reservation};
use chats_domain::values::Timestamp;
use chats_store::{DieselStore, PoolSettings};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::database;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;

/// A store on an empty, migrated database in PostgreSQL.
async fn fresh_postgres() -> (Arc<dyn ChatStore>, ()) {
    (Arc::new(migrated(&database().await.unwrap()).await), ())
}

/// A store on an empty, migrated SQLite file, and the directory that it is in.
async fn fresh_sqlite() -> (Arc<dyn ChatStore>, TempDir) {
    let (url, directory) = sqlite_file();
    (Arc::new(migrated(&url).await), directory)
}

/// The URL of an SQLite file that is not there yet, and the directory that it is to be in.
fn sqlite_file() -> (String, TempDir) {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}/chats.db", directory.path().display());
    (url, directory)
}

async fn migrated(url: &str) -> DieselStore {
    let store = connected(url, PoolSettings::default()).await;
    store.migrate().await.unwrap();
    store
}

async fn connected(url: &str, settings: PoolSettings) -> DieselStore {
    let url = url.parse().unwrap();
    DieselStore::connect(&url, settings, Handle::current()).await.unwrap()
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
