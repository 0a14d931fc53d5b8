//! The store is made on one runtime and used from others, as the workers of a server have their own.

use std::num::NonZeroUsize;
use std::thread;

use chats_domain::ports::{ChatIds, ChatStore, Reserved};
use chats_store::{DieselStore, PoolSettings};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::database;
use tokio::runtime;
use tokio::time::{Duration, timeout};

use crate::{connected, migrated, patient, reservation, sqlite_file};

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_used_from_runtimes_that_come_and_go() {
    used_from_runtimes_that_come_and_go(migrated(&database().await.unwrap()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_used_from_runtimes_that_come_and_go() {
    let (url, _directory) = sqlite_file();
    used_from_runtimes_that_come_and_go(migrated(&url).await).await;
}

#[tokio::test]
async fn postgresql_is_migrated_and_used_from_a_runtime_of_one_thread() {
    let store = migrated(&database().await.unwrap()).await;
    let made = store.reserve(&reservation("lesson-1")).await.unwrap();
    assert_eq!(made, Reserved::Made);
}

#[tokio::test]
async fn sqlite_is_migrated_and_used_from_a_runtime_of_one_thread() {
    let (url, _directory) = sqlite_file();
    let store = migrated(&url).await;
    let made = store.reserve(&reservation("lesson-1")).await.unwrap();
    assert_eq!(made, Reserved::Made);
}

#[tokio::test]
async fn a_call_to_postgresql_may_be_given_up_at_any_point() {
    given_up_at_any_point(migrated(&database().await.unwrap()).await).await;
}

#[tokio::test]
async fn a_call_to_sqlite_may_be_given_up_at_any_point() {
    let (url, _directory) = sqlite_file();
    given_up_at_any_point(migrated(&url).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_worker_and_the_runtime_of_the_store_have_a_connection_for_their_reads() {
    let workers = thread::available_parallelism().unwrap();
    let max_connections = NonZeroUsize::new(2 * (workers.get() + 1)).unwrap();
    let url = database().await.unwrap();
    migrated(&url).await;
    let store = connected(&url, PoolSettings { max_connections, ..patient() }).await;
    let one_of_the_pool = store.connections().idle;

    // As it does where a create is repeated.
    assert!(store.find(RandomIds.next()).await.unwrap().is_none());
    let workers: Vec<_> = (0..workers.get())
        .map(|_| {
            runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
        })
        .collect();
    for worker in &workers {
        let store = store.clone();
        let found = worker.spawn(async move { store.find(RandomIds.next()).await });
        assert!(found.await.unwrap().unwrap().is_none());
    }
    let for_reads = workers.len() + 1;
    assert_eq!(store.connections().idle, one_of_the_pool + for_reads);
    workers.into_iter().for_each(runtime::Runtime::shutdown_background);
}

async fn used_from_runtimes_that_come_and_go(store: DieselStore) {
    for worker in 0..4 {
        let store = store.clone();
        let work = async move {
            for number in 0..5 {
                let chat = reservation(&format!("lesson-{worker}-{number}"));
                let made = store.reserve(&chat).await.unwrap();
                assert_eq!(made, Reserved::Made);
                assert!(store.find(chat.id).await.unwrap().is_some());
            }
        };
        let worker = thread::spawn(|| {
            let mut worker = runtime::Builder::new_current_thread();
            worker.enable_all().build().unwrap().block_on(work);
        });
        tokio::task::spawn_blocking(|| worker.join().unwrap()).await.unwrap();
    }
    // The connections that the workers made are not gone with them.
    store.reserve(&reservation("lesson-1")).await.unwrap();
}

/// As happens to the calls of a request whose client has gone.
async fn given_up_at_any_point(store: DieselStore) {
    for micros in (0..2_000).step_by(20) {
        let chat = reservation(&format!("lesson-{micros}"));
        let patience = Duration::from_micros(micros);
        let _ = timeout(patience, store.reserve(&chat)).await;
        let _ = timeout(patience, store.find(chat.id)).await;
    }
    let chat = reservation("lesson-1");
    assert_eq!(store.reserve(&chat).await.unwrap(), Reserved::Made);
    assert!(store.find(chat.id).await.unwrap().is_some());
}
