//! Behind a PgBouncer that gives each transaction another connection, and has fewer of them than come to it.

use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed, Reserved};
use chats_store::{DatabaseUrl, DieselStore, PoolSettings};
use chats_testkit::postgres::{Cluster, Pooler, database};
use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::failover::is_believed_in_ready_chats_alone;
use crate::postgres::{assert_unavailable, until, use_many_connections, waiting_for_a_lock};
use crate::{migrated, operator, patient, reservation};

/// How many connections to the server there are for all instances.
const CONNECTIONS: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_of_several_instances_share_few_connections() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let pooler = Pooler::start(&url, CONNECTIONS).unwrap();
    let mut instances = JoinSet::new();
    for instance in 0..3 {
        let store = behind(&pooler, patient()).await;
        for caller in 0..8 {
            let store = store.clone();
            instances.spawn(async move {
                for number in 0..10 {
                    let chat = reservation(&format!("lesson-{instance}-{caller}-{number}"));
                    assert_eq!(store.reserve(&chat).await.unwrap(), Reserved::Made);
                    let room = Uuid::new_v4().into();
                    let confirmed = store.confirm(chat.id, Attempt::FIRST, room).await.unwrap();
                    assert_eq!(confirmed, Confirmed::Ready);
                    assert!(store.find(chat.id).await.unwrap().is_some());
                    let found = store.find_by_key(&chat.audience, &chat.scope).await.unwrap();
                    assert_eq!(found.unwrap().id, chat.id);
                    assert!(store.find(reservation("nobody's").id).await.unwrap().is_none());
                }
                store
            });
        }
    }
    let stores = instances.join_all().await;

    let open: usize = [0, 8, 16].map(|it| &stores[it]).map(|it| it.connections().max).iter().sum();
    assert!(open > CONNECTIONS as usize);
    let connections = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'chats'";
    let shared = operator(&url).await.query_one(connections, &[]).await.unwrap();
    assert_eq!(shared.get::<_, i64>(0), i64::from(CONNECTIONS));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_wait_for_each_other_share_a_connection_of_the_server() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let pooler = Pooler::start(&url, CONNECTIONS).unwrap();
    let store = behind(&pooler, patient()).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let reads = tokio::spawn({
        let store = store.clone();
        async move { join_all((0..100).map(|_| store.find(chat.id))).await }
    });
    until(&operator(&url).await, &waiting_for_a_lock(1)).await;
    lock.rollback().await.unwrap();
    for read in reads.await.unwrap() {
        assert!(read.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_waits_for_any_more_is_given_up_by_the_server_and_a_change_is_not() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let pooler = Pooler::start(&url, CONNECTIONS).unwrap();
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(1), ..patient() };
    let store = behind(&pooler, impatient).await;
    let chat = reservation("lesson-1");

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let calls = tokio::spawn({
        let (store, chat) = (store.clone(), chat.clone());
        async move { tokio::join!(store.find(chat.id), store.reserve(&chat)) }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(2)).await;
    let (read, write) = calls.await.unwrap();
    assert_unavailable(&read);
    assert_unavailable(&write);
    // The table is still locked.
    until(&operator_2, &waiting_for_a_lock(1)).await;

    lock.rollback().await.unwrap();
    until(&operator_2, "SELECT count(*) = 1 FROM chat").await;
    assert!(store.find(chat.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_works_again_by_itself_after_the_pooler_or_the_server_was_restarted() {
    let cluster = Cluster::start().unwrap();
    migrated(&cluster.url()).await;
    let mut pooler = Pooler::start(&cluster.url(), CONNECTIONS).unwrap();
    let store = behind(&pooler, patient()).await;
    let chat = reservation("lesson-1");
    store.reserve(&chat).await.unwrap();
    use_many_connections(&store).await;

    pooler.stop();
    assert_unavailable(&store.find(chat.id).await);
    assert_unavailable(&store.reserve(&reservation("lesson-2")).await);
    pooler.start_again().unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
    assert_eq!(store.reserve(&reservation("lesson-3")).await.unwrap(), Reserved::Made);
    use_many_connections(&store).await;

    cluster.stop().unwrap();
    cluster.start_again().unwrap();
    // The pooler notices that its connections are gone by using them.
    let works_again = async { while store.reserve(&reservation("lesson-4")).await.is_err() {} };
    timeout(Duration::from_secs(30), works_again).await.unwrap();
    let works_again = async { while store.find(chat.id).await.is_err() {} };
    timeout(Duration::from_secs(30), works_again).await.unwrap();
    assert!(store.find(chat.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_any_more_is_believed_in_ready_chats_alone() {
    let cluster = Cluster::start().unwrap();
    migrated(&cluster.url()).await;
    let pooler = Pooler::start(&cluster.url(), 1).unwrap();
    let store = behind(&pooler, patient()).await;
    is_believed_in_ready_chats_alone(&cluster, &store).await;
}

/// A store on a database behind a pooler.
pub(crate) async fn behind(pooler: &Pooler, settings: PoolSettings) -> DieselStore {
    let url: DatabaseUrl = pooler.url().parse().unwrap();
    let url = url.without_prepared_statements();
    DieselStore::connect(&url, settings, Handle::current()).await.unwrap()
}
