//! SQLite keeps its file, and shares it.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Reserved, StoreError};
use chats_store::PoolSettings;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{connected, migrated, patient, reservation, sqlite_file};

#[tokio::test(flavor = "multi_thread")]
async fn chats_outlive_the_store_that_made_them() {
    let (url, _directory) = sqlite_file();
    let (ready, opening) = (reservation("lesson-1"), reservation("lesson-2"));
    let before = {
        let store = migrated(&url).await;
        store.reserve(&ready).await.unwrap();
        store.reserve(&opening).await.unwrap();
        let room = Uuid::new_v4().into();
        store.confirm(ready.id, Attempt::FIRST, room).await.unwrap();
        [store.find(ready.id).await, store.find(opening.id).await].map(Result::unwrap)
    };
    let store = connected(&url, patient()).await;
    let after = [store.find(ready.id).await, store.find(opening.id).await].map(Result::unwrap);
    assert_eq!(after, before);
    assert!(after.iter().all(Option::is_some));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_directory_is_made_for_us_alone() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("some/where/chats.db");
    let store = migrated(&format!("sqlite://{}", file.display())).await;
    store.reserve(&reservation("lesson-1")).await.unwrap();
    assert!(file.is_file());
    let mode = file.parent().unwrap().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_process_writes_reads_go_on_and_writes_wait_but_not_for_ever() {
    let (url, directory) = sqlite_file();
    let chat = reservation("lesson-1");
    migrated(&url).await.reserve(&chat).await.unwrap();
    let impatient = PoolSettings { answer_timeout: Duration::from_millis(50), ..patient() };
    let store = connected(&url, impatient).await;

    let file = directory.path().join("chats.db");
    let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
    let refused = store.reserve(&reservation("lesson-2")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");

    other.batch_execute("COMMIT").unwrap();
    let made = store.reserve(&reservation("lesson-2")).await.unwrap();
    assert_eq!(made, Reserved::Made);
}
