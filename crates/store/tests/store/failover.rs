//! The primary dies and a standby takes its place, or it takes no writes any more.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatIds, ChatStore, Confirmed, Reservation, Reserved};
use chats_domain::values::EventRoomId;
use chats_store::{DatabaseUrl, DieselStore, PoolSettings};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::{Cluster, Pair, database};
use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::time::timeout;
use uuid::Uuid;

use crate::connecting::why_not;
use crate::postgres::{assert_unavailable, until, use_many_connections, waiting_for_a_lock};
use crate::{connected, migrated, operator, patient, reservation};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_finds_the_new_primary_by_itself() {
    let pair = Pair::start().unwrap();
    let store = migrated(&pair.url()).await;
    let mut made = Vec::new();
    for number in 0..3 {
        let chat = reservation(&format!("lesson-{number}"));
        store.reserve(&chat).await.unwrap();
        made.push(chat.id);
        use_many_connections(&store).await;

        pair.kill_primary().unwrap();
        assert_unavailable(&store.find(chat.id).await);
        assert_unavailable(&store.reserve(&reservation("in-between")).await);
        pair.promote_standby().unwrap();
        for id in &made {
            assert!(store.find(*id).await.unwrap().is_some());
        }
        assert!(store.release(RandomIds.next(), Attempt::FIRST).await.is_ok());
        use_many_connections(&store).await;
        pair.restore_standby().unwrap();
    }
    // Where the primary is by now is known: the migrations, too, find it.
    store.migrate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_any_more_is_believed_in_ready_chats_alone() {
    let cluster = Cluster::start().unwrap();
    let store = migrated(&cluster.url()).await;
    is_believed_in_ready_chats_alone(&cluster, &store).await;
}

/// Has a server take no writes for a while, and asks it by way of `store`.
pub(crate) async fn is_believed_in_ready_chats_alone(cluster: &Cluster, store: &DieselStore) {
    let (ready, opening) = (reservation("ready"), reservation("opening"));
    make_ready(store, &ready).await;
    store.reserve(&opening).await.unwrap();
    use_many_connections(store).await;

    let operator = operator(&cluster.url()).await;
    let set = async |takes_no_writes: &str| {
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {takes_no_writes}");
        operator.batch_execute(&set).await.unwrap();
        operator.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        let question = "SELECT current_setting('transaction_read_only') = $1";
        while !operator.query_one(question, &[&takes_no_writes]).await.unwrap().get::<_, bool>(0) {
            tokio::task::yield_now().await;
        }
    };
    set("on").await;
    // A connection reads the setting before its next query but one, at the latest.
    assert!(store.find(ready.id).await.unwrap().is_some());
    assert!(store.find(ready.id).await.unwrap().is_some());
    assert_unavailable(&store.find(reservation("another").id).await);
    assert_unavailable(&store.find(opening.id).await);
    let key = reservation("another");
    assert_unavailable(&store.find_by_key(&key.audience, &key.scope).await);
    // Of the many connections, none is tried more than once.
    for _ in 0..3 {
        assert_unavailable(&store.reserve(&reservation("another")).await);
    }

    set("off").await;
    assert!(store.find(opening.id).await.unwrap().is_some());
    assert_eq!(store.reserve(&reservation("another")).await.unwrap(), Reserved::Made);
    use_many_connections(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_not_connected_to_and_each_server_tells_why() {
    let cluster = Cluster::start().unwrap();
    cluster.reconfigure(&[], "default_transaction_read_only = on\n").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let standby = cluster.url();
    let standby = standby.split(['@', '/']).nth(3).unwrap();

    let url = format!("postgres://postgres:secret@{gone},{standby}/postgres");
    let why = why_not(url.parse().unwrap()).await;
    assert!(why.contains(&format!("{gone}: ")) && why.contains("refused"), "{why}");
    assert!(why.contains(&format!("{standby}: ")), "{why}");
    assert!(why.contains("does not allow writes") && !why.contains("secret"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_read_from_as_it_is_and_need_not_be_there() {
    let cluster = Cluster::start().unwrap();
    let primary = migrated(&cluster.url()).await;
    let opening = reservation("opening");
    primary.reserve(&opening).await.unwrap();
    cluster.reconfigure(&[], "default_transaction_read_only = on\n").unwrap();
    cluster.stop().unwrap();

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = cluster.url().replacen('@', &format!("@{gone},"), 1);
    let url = DatabaseUrl::of_a_replica(&url).unwrap();
    let replica = DieselStore::connect(&url, patient(), Handle::current()).await.unwrap();
    assert_unavailable(&replica.find(opening.id).await);
    cluster.start_again().unwrap();
    assert!(replica.find(opening.id).await.unwrap().is_some());
    assert!(replica.find(reservation("nobodys").id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_leaves_time_for_the_next_one() {
    // The system takes connections for it, and nobody answers them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap();
    let url = database().await.unwrap();
    migrated(&url).await;
    let impatient = PoolSettings { acquire_timeout: Duration::from_secs(4), ..patient() };
    let url = url.replacen('@', &format!("@{silent_address},"), 1);
    let store = connected(&url, impatient).await;
    assert_eq!(store.reserve(&reservation("lesson-1")).await.unwrap(), Reserved::Made);

    // Next time it is not even asked.
    silent.set_nonblocking(true).unwrap();
    while silent.accept().is_ok() {}
    use_many_connections(&store).await;
    assert!(silent.accept().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_waits_for_any_more_is_given_up_by_the_server() {
    let url = database().await.unwrap();
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(1), ..patient() };
    migrated(&url).await;
    let store = connected(&url, impatient).await;
    let chat = reservation("lesson-1");

    let mut operator_1 = operator(&url).await;
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat").await.unwrap();
    let reads = tokio::spawn({
        let (store, id) = (store.clone(), chat.id);
        // One waits for the lock, the others for it.
        async move { join_all((0..10).map(|_| store.find(id))).await }
    });
    let operator_2 = operator(&url).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    reads.await.unwrap().iter().for_each(assert_unavailable);
    // The table is still locked.
    until(&operator_2, &waiting_for_a_lock(0)).await;

    lock.rollback().await.unwrap();
    assert!(store.find(chat.id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn however_long_changes_have_to_wait_only_so_many_connections_wait_with_them() {
    const CONNECTIONS: usize = 4;
    let url = database().await.unwrap();
    migrated(&url).await;
    let impatient = PoolSettings {
        max_connections: NonZeroUsize::new(CONNECTIONS).unwrap(),
        acquire_timeout: Duration::from_millis(200),
        answer_timeout: Duration::from_millis(200),
    };
    let store = connected(&url, impatient).await;
    let (mut operator_1, operator_2) = (operator(&url).await, operator(&url).await);
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat IN SHARE MODE").await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut most = 0;
    for round in 0..8 {
        let chats: Vec<_> =
            (0..CONNECTIONS).map(|number| reservation(&format!("{round}-{number}"))).collect();
        for unknown in join_all(chats.iter().map(|chat| store.reserve(chat))).await {
            assert_unavailable(&unknown);
        }
        most = operator_2.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0);
    }
    assert!(0 < most && most <= 2 * i64::try_from(CONNECTIONS).unwrap(), "{most}");
    // Nor do they keep operators from looking.
    assert_eq!(store.opening().await.unwrap().count, 0);

    lock.rollback().await.unwrap();
    until(&operator_2, &waiting_for_a_lock(0)).await;
    let works_again = async { while store.reserve(&reservation("lesson-1")).await.is_err() {} };
    timeout(Duration::from_secs(30), works_again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_migrate_waits_for_another_one_as_long_as_it_takes() {
    let url = database().await.unwrap();
    let (operator_1, operator_2) = (operator(&url).await, operator(&url).await);
    let name = url.rsplit('/').next().unwrap();
    let impatient = format!(
        "ALTER DATABASE {name} SET statement_timeout = '1s';
         ALTER DATABASE {name} SET lock_timeout = '10ms'"
    );
    operator_1.batch_execute(&impatient).await.unwrap();
    // As another instance does while it migrates.
    operator_1.batch_execute("SELECT pg_advisory_lock(426952979571)").await.unwrap();
    let store = connected(&url, patient()).await;
    let migrating = tokio::spawn(async move { store.migrate().await.map(|it| it.len()) });
    let waiting = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()
        AND query_start > backend_start + interval '1500 ms'";
    until(&operator_2, waiting).await;
    drop(operator_1);
    assert!(migrating.await.unwrap().unwrap() > 0);
}

async fn make_ready(store: &DieselStore, chat: &Reservation) {
    store.reserve(chat).await.unwrap();
    let room = EventRoomId::from(Uuid::new_v4());
    let confirmed = store.confirm(chat.id, Attempt::FIRST, room).await.unwrap();
    assert_eq!(confirmed, Confirmed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_standby_has_is_seen_by_nobody_though_nobody_waits_for_it_any_more() {
    let pair = Pair::start().unwrap();
    migrated(&pair.url()).await;
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(1), ..patient() };
    let store = connected(&pair.url(), impatient).await;
    let alone = reservation("alone");
    let together = ["a", "b", "c"].map(reservation);

    pair.kill_standby().unwrap();
    assert_unavailable(&store.reserve(&alone).await);
    for unknown in join_all(together.iter().map(|chat| store.reserve(chat))).await {
        assert_unavailable(&unknown);
    }
    // Were the commits cancelled, these would by now have ended theirs.
    let operator = operator(&pair.url()).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    assert!(operator.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) >= 2);
    for chat in together.iter().chain([&alone]) {
        assert_eq!(store.find(chat.id).await.unwrap(), None);
    }

    pair.restore_standby().unwrap();
    until(&operator, "SELECT count(*) = 4 FROM chat").await;
}
