//! What a store tells of itself, and its end.

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, StoreError};
use chats_domain::values::Timestamp;
use chats_store::{DieselStore, OpeningChats};
use chats_testkit::postgres::database;
use uuid::Uuid;

use crate::{migrated, operator, patient, reservation, sqlite_file};

#[tokio::test(flavor = "multi_thread")]
async fn chats_that_are_opening_are_counted_in_postgresql() {
    opening_chats_are_counted(migrated(&database().await.unwrap()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_that_are_opening_are_counted_in_sqlite() {
    let (url, _directory) = sqlite_file();
    opening_chats_are_counted(migrated(&url).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_hears_of_the_end_and_then_every_call_fails() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let operator = operator(&url).await;
    let sessions = async || {
        let count = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'chats'";
        operator.query_one(count, &[]).await.unwrap().get::<_, i64>(0)
    };
    ended(&store).await;
    // The server has read of the end, but not necessarily done what it does then.
    while sessions().await > 0 {}
    assert_eq!((store.connections().idle, store.connections().used), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_ends_and_leaves_one_file_and_then_every_call_fails() {
    let (url, directory) = sqlite_file();
    ended(&migrated(&url).await).await;
    let files = directory.path().read_dir().unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["chats.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_go_on_without_the_connections_of_other_runtimes() {
    let store = migrated(&database().await.unwrap()).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
    let before = store.connections();
    assert_eq!((before.idle, before.used), (2, 0), "one for reads, one for the rest");

    store.leave_other_runtimes().await;
    assert_eq!(store.connections().idle, 1);
    assert!(store.find(chat.id).await.unwrap().is_some());
    assert_eq!(store.connections().idle, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_connections_may_be_opened_as_the_settings_say() {
    let store = migrated(&database().await.unwrap()).await;
    assert_eq!(store.connections().max, patient().max_connections.get());
}

async fn opening_chats_are_counted(store: DieselStore) {
    let none = OpeningChats { count: 0, oldest: None };
    assert_eq!(store.opening().await.unwrap(), none);

    let [mut old, mut new, ready] = ["old", "new", "ready"].map(reservation);
    old.created_at = Timestamp::from_unix_micros(1_000_000);
    new.created_at = Timestamp::from_unix_micros(2_000_000);
    for chat in [&new, &ready, &old] {
        store.reserve(chat).await.unwrap();
    }
    store.confirm(ready.id, Attempt::FIRST, Uuid::new_v4().into()).await.unwrap();
    let two = OpeningChats { count: 2, oldest: Some(old.created_at) };
    assert_eq!(store.opening().await.unwrap(), two);
}

/// Works on a store, and ends it.
async fn ended(store: &DieselStore) {
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
    store.close().await;
    for result in [store.find(chat.id).await.map(drop), store.reserve(&chat).await.map(drop)] {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
}
