//! Databases are migrated, by one instance, once.

use chats_store::SetupError;
use chats_testkit::postgres::database;
use tokio::task::JoinSet;

use crate::{connected, mere_user, patient, sqlite_file};

const POSTGRES: &[&str] =
    &["2026-11-22-000000_create_chat", "2026-11-27-000000_vacuum_chat_sooner"];
const SQLITE: &[&str] = &["2026-11-22-000000_create_chat"];

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_migrated_once_however_often_it_is_asked() {
    migrated_once(&database().await.unwrap(), POSTGRES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_migrated_once_however_often_it_is_asked() {
    let (url, _directory) = sqlite_file();
    migrated_once(&url, SQLITE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_instances_that_start_at_once_one_migrates_postgresql() {
    one_of_many_migrates(&database().await.unwrap(), POSTGRES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_instances_that_start_at_once_one_migrates_sqlite() {
    let (url, _directory) = sqlite_file();
    one_of_many_migrates(&url, SQLITE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_migrate_may_ask_whether_it_is_done() {
    let store = connected(&mere_user().await, patient()).await;
    assert!(store.pending_migrations().await.unwrap().is_empty());
    assert!(matches!(store.migrate().await, Err(SetupError::NotMigrated(_))));
}

async fn migrated_once(url: &str, migrations: &[&str]) {
    let store = connected(url, patient()).await;
    assert_eq!(store.pending_migrations().await.unwrap(), migrations);
    assert_eq!(store.migrate().await.unwrap(), migrations);

    assert!(store.pending_migrations().await.unwrap().is_empty());
    assert!(store.migrate().await.unwrap().is_empty());
}

async fn one_of_many_migrates(url: &str, migrations: &[&str]) {
    let mut instances = JoinSet::new();
    for _ in 0..10 {
        let url = url.to_owned();
        instances.spawn(async move {
            let store = connected(&url, patient()).await;
            store.migrate().await.unwrap()
        });
    }
    assert_eq!(instances.join_all().await.concat(), migrations);
}
