//! PostgreSQL goes down, hangs and comes back.

use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Reserved, StoreError};
use chats_store::{DieselStore, PoolSettings};
use chats_testkit::postgres::{Cluster, database};
use futures_util::future::join_all;
use tokio::runtime::{self, Handle};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{connected, migrated, operator, patient, reservation};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_works_again_by_itself_after_the_server_was_restarted() {
    let cluster = Cluster::start().unwrap();
    let store = migrated(&cluster.url()).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();
    use_many_connections(&store).await;

    cluster.stop().unwrap();
    for _ in 0..3 {
        assert_unavailable(&store.find(chat.id).await);
        assert_unavailable(&store.reserve(&reservation("lesson-2")).await);
    }

    cluster.start_again().unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
    let met = store.reserve(&reservation("lesson-3")).await.unwrap();
    assert_eq!(met, Reserved::Made);
    use_many_connections(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_under_way_when_the_server_goes_down_are_done_or_unavailable() {
    let cluster = Cluster::start().unwrap();
    let store = migrated(&cluster.url()).await;
    let mut creators = JoinSet::new();
    for creator in 0..8 {
        let store = store.clone();
        creators.spawn(async move {
            let mut made = Vec::new();
            for number in 0.. {
                let chat = reservation(&format!("lesson-{creator}-{number}"));
                match store.reserve(&chat).await {
                    Ok(met) => assert_eq!(met, Reserved::Made),
                    error => {
                        assert_unavailable(&error);
                        break;
                    }
                }
                made.push(chat.id);
            }
            made
        });
    }
    let client = operator(&cluster.url()).await;
    until(&client, "SELECT count(*) >= 100 FROM chat").await;
    cluster.stop().unwrap();
    let made = creators.join_all().await.concat();

    cluster.start_again().unwrap();
    assert!(made.len() >= 100);
    for id in made {
        assert!(store.find(id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ends_is_replaced() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.find(chat.id).await }
    });
    let operator_2 = operator(&url).await;
    let end_who_waits = "SELECT count(pg_terminate_backend(pid)) = 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(&operator_2, end_who_waits).await;
    assert_unavailable(&waiting.await.unwrap());

    lock.rollback().await.unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_the_runtime_that_asked_for_it() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let (chat, another) = (reservation("lesson-1"), reservation("lesson-2"));

    // The first connection was there. For the second call the worker needs another.
    let (worker_is_done, done) = mpsc::channel();
    let (end_worker, end) = mpsc::channel::<()>();
    let worker = thread::spawn({
        let (store, chat, another) = (store.clone(), chat.clone(), another.clone());
        move || {
            let mut worker = runtime::Builder::new_current_thread();
            let worker = worker.enable_all().build().unwrap();
            let calls = async { tokio::join!(store.reserve(&chat), store.reserve(&another)) };
            worker_is_done.send(worker.block_on(calls)).unwrap();
            // An error is the end, too.
            let _ = end.recv();
        }
    });
    let (one, other) = done.recv().unwrap();
    assert!(one.is_ok() && other.is_ok());

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let calls = tokio::spawn(async move {
        tokio::join!(
            store.release(chat.id, Attempt::FIRST),
            store.release(another.id, Attempt::FIRST)
        )
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(2)).await;
    drop(end_worker);
    worker.join().unwrap();
    lock.rollback().await.unwrap();

    let (one, other) = calls.await.unwrap();
    assert!(one.unwrap() && other.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_wait_for_each_other_share_a_connection() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let reads = tokio::spawn({
        let store = store.clone();
        async move { join_all((0..100).map(|_| store.find(chat.id))).await }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    lock.rollback().await.unwrap();

    for read in reads.await.unwrap() {
        assert!(read.unwrap().is_some());
    }
    let connections = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND query LIKE 'SELECT%'";
    let shared = operator_2.query_one(connections, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(shared, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waits_holds_up_no_read() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat IN SHARE MODE").await.unwrap();
    let write = tokio::spawn({
        let store = store.clone();
        async move { store.release(chat.id, Attempt::FIRST).await }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    assert!(store.find(chat.id).await.unwrap().is_some());

    lock.rollback().await.unwrap();
    assert!(write.await.unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_nobody_a_connection_that_is_still_busy() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let one = PoolSettings { max_connections: NonZeroUsize::MIN, ..patient() };
    let store = connected(&url, one).await;
    let chat = reservation("lesson-1");

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat IN SHARE MODE").await.unwrap();
    let write = tokio::spawn({
        let (store, chat) = (store.clone(), chat.clone());
        async move { store.reserve(&chat).await }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    write.abort();
    assert!(write.await.unwrap_err().is_cancelled());

    assert!(store.find(chat.id).await.unwrap().is_none());
    lock.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_runtimes_than_connections_for_reads_are_served_all_the_same() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let few = PoolSettings { max_connections: NonZeroUsize::new(3).unwrap(), ..patient() };
    let store = connected(&url, few).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();

    let all_are_there = Arc::new(Barrier::new(5));
    let workers: Vec<_> = (0..5)
        .map(|_| {
            let (store, all_are_there) = (store.clone(), Arc::clone(&all_are_there));
            thread::spawn(move || {
                let worker = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let found = worker.block_on(store.find(chat.id));
                // Until then each has its connection.
                all_are_there.wait();
                found
            })
        })
        .collect();
    for worker in workers {
        let found = tokio::task::spawn_blocking(|| worker.join().unwrap()).await.unwrap();
        assert!(found.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_ever_for_an_answer() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(2), ..patient() };
    let store = connected(&url, impatient).await;
    let id = reservation("lesson-1").id;

    let mut operator = operator(&url).await;
    let lock = operator.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    assert_unavailable(&store.find(id).await);

    lock.rollback().await.unwrap();
    assert!(store.find(id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_hangs_is_replaced_though_no_reader_waits_for_that_long() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(1), ..patient() };
    let store = connected(&url, impatient).await;
    let id = reservation("lesson-1").id;

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let readers_who_leave = async {
        loop {
            let _ = timeout(Duration::from_millis(10), store.find(id)).await;
        }
    };
    let operator_2 = operator(&url).await;
    let second = waiting_for_a_lock(2);
    let another_is_asked = until(&operator_2, &second);
    tokio::select! {
        () = readers_who_leave => {}
        () = another_is_asked => {}
    }

    lock.rollback().await.unwrap();
    assert!(store.find(id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_ever_for_a_connection() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let impatient = PoolSettings {
        max_connections: NonZeroUsize::MIN,
        acquire_timeout: Duration::from_secs(2),
        ..patient()
    };
    let store = connected(&url, impatient).await;
    let id = reservation("lesson-1").id;

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let has_the_connection = tokio::spawn({
        let store = store.clone();
        async move { store.find(id).await }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    assert_unavailable(&store.find(id).await);

    lock.rollback().await.unwrap();
    assert!(has_the_connection.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_the_server_gives_up_is_a_failure_that_passes() {
    let url = database().await.unwrap();
    drop(migrated(&url).await);
    let mut operator = operator(&url).await;
    let name = url.rsplit('/').next().unwrap();
    let patience = format!("ALTER DATABASE {name} SET lock_timeout = '10ms'");
    operator.batch_execute(&patience).await.unwrap();
    let store = connected(&url, patient()).await;
    let chat = reservation("lesson-1");

    let lock = operator.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    assert_unavailable(&store.find(chat.id).await);
    assert_unavailable(&store.reserve(&chat).await);
    lock.rollback().await.unwrap();
    assert_eq!(store.reserve(&chat).await.unwrap(), Reserved::Made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let url = database().await.unwrap();
    let name = format!("{}_latin", url.rsplit('/').next().unwrap());
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    operator(&url).await.batch_execute(&create).await.unwrap();
    let url = format!("{url}_latin").parse().unwrap();
    let refused = DieselStore::connect(&url, patient(), Handle::current()).await.err().unwrap();
    let reason = std::error::Error::source(&refused).unwrap().to_string();
    assert!(reason.contains("LATIN1"), "{reason}");
}

pub(crate) async fn use_many_connections(store: &DieselStore) {
    let mut calls = JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        let key = reservation(&format!("many-{number}"));
        calls.spawn(async move { store.find_by_key(&key.audience, &key.scope).await.unwrap() });
    }
    calls.join_all().await;
}

/// Asks whether as many connections as this wait for a lock.
pub(crate) fn waiting_for_a_lock(connections: u32) -> String {
    format!(
        "SELECT count(*) = {connections} FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
}

/// Asks until the answer is yes.
pub(crate) async fn until(client: &tokio_postgres::Client, question: &str) {
    let yes = async {
        while !client.query_one(question, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), yes).await.unwrap();
}

pub(crate) fn assert_unavailable<T: Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}
