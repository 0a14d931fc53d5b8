//! Changes that come at the same time are committed together, in PostgreSQL.

use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed, Reserved, StoreError};
use chats_store::DieselStore;
use chats_testkit::postgres::database;
use futures_util::future::join_all;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use crate::postgres::{assert_unavailable, until, waiting_for_a_lock};
use crate::{migrated, operator, reservation};

/// As many groups are committed at the same time.
const GROUPS: u32 = 2;

/// As many changes may wait that begin something.
const BEGINNINGS: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_wait_at_the_same_time_are_one_transaction() {
    let url = database().await.unwrap();
    let (store, [mut one, other]) = (migrated(&url).await, operators(&url).await);
    let lock = keep_committers_busy(&store, &mut one, &other).await;
    let waiting: Vec<_> =
        (0..20).map(|number| reserve(&store, &format!("waits-{number}"))).collect();
    until_so_many_wait(&store, 20).await;
    lock.rollback().await.unwrap();

    for made in join_all(waiting).await {
        assert_eq!(made.unwrap().unwrap(), Reserved::Made);
    }
    let transactions = "SELECT count(DISTINCT xmin::text) FROM chat WHERE scope LIKE 'waits-%'";
    let transactions: i64 = other.query_one(transactions, &[]).await.unwrap().get(0);
    assert!(transactions <= i64::from(GROUPS), "{transactions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_makes_no_other_fail() {
    let url = database().await.unwrap();
    let (store, [mut one, other]) = (migrated(&url).await, operators(&url).await);
    let chats = ["a", "b", "c"].map(reservation);
    for chat in &chats {
        store.reserve(chat).await.unwrap();
    }
    let [room, another] = [Uuid::new_v4(), Uuid::new_v4()];
    let lock = keep_committers_busy(&store, &mut one, &other).await;
    let confirmations = [(0, room), (1, room), (2, another)].map(|(number, room): (usize, _)| {
        let (store, id) = (store.clone(), chats[number].id);
        tokio::spawn(async move { store.confirm(id, Attempt::FIRST, room.into()).await })
    });
    until_so_many_wait(&store, 3).await;
    lock.rollback().await.unwrap();

    let mut confirmed = Vec::new();
    for confirmation in join_all(confirmations).await {
        confirmed.push(confirmation.unwrap().unwrap());
    }
    assert_eq!(confirmed[2], Confirmed::Ready);
    let of_one_room = &confirmed[..2];
    assert!(
        of_one_room.contains(&Confirmed::Ready) && of_one_room.contains(&Confirmed::RoomTaken),
        "{of_one_room:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_for_a_lock_keeps_no_other_waiting() {
    let url = database().await.unwrap();
    let (store, [mut one, mut other]) = (migrated(&url).await, operators(&url).await);
    let held = reservation("held");
    store.reserve(&held).await.unwrap();
    let of_the_row = other.transaction().await.unwrap();
    of_the_row.execute("SELECT FROM chat WHERE scope = 'held' FOR UPDATE", &[]).await.unwrap();
    let third = operator(&url).await;
    let of_the_table = keep_committers_busy(&store, &mut one, &third).await;
    let released = tokio::spawn({
        let store = store.clone();
        async move { store.release(held.id, Attempt::FIRST).await }
    });
    let reserved: Vec<_> =
        (0..10).map(|number| reserve(&store, &format!("free-{number}"))).collect();
    until_so_many_wait(&store, 11).await;
    of_the_table.rollback().await.unwrap();

    for made in join_all(reserved).await {
        assert_eq!(made.unwrap().unwrap(), Reserved::Made);
    }
    assert!(!released.is_finished());
    of_the_row.rollback().await.unwrap();
    assert!(released.await.unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_too_many_wait_the_next_hears_so_at_once_unless_it_goes_on_with_something() {
    let url = database().await.unwrap();
    let (store, [mut one, other]) = (migrated(&url).await, operators(&url).await);
    let begun = reservation("begun");
    store.reserve(&begun).await.unwrap();
    let lock = keep_committers_busy(&store, &mut one, &other).await;
    let waiting: Vec<_> =
        (0..BEGINNINGS).map(|number| reserve(&store, &format!("waits-{number}"))).collect();
    until_so_many_wait(&store, BEGINNINGS).await;

    assert_unavailable(&store.reserve(&reservation("too-late")).await);
    let confirmed = tokio::spawn({
        let store = store.clone();
        async move { store.confirm(begun.id, Attempt::FIRST, Uuid::new_v4().into()).await }
    });
    until_so_many_wait(&store, BEGINNINGS + 1).await;
    lock.rollback().await.unwrap();
    assert_eq!(confirmed.await.unwrap().unwrap(), Confirmed::Ready);
    for made in join_all(waiting).await {
        assert_eq!(made.unwrap().unwrap(), Reserved::Made);
    }
}

async fn operators(url: &str) -> [Client; 2] {
    [operator(url).await, operator(url).await]
}

/// Has each committer wait with a change of its own, until the lock is given back.
async fn keep_committers_busy<'a>(
    store: &DieselStore,
    one: &'a mut Client,
    other: &Client,
) -> Transaction<'a> {
    let lock = one.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE chat IN SHARE MODE").await.unwrap();
    for number in 1..=GROUPS {
        reserve(store, &format!("busy-{number}"));
        until(other, &waiting_for_a_lock(number)).await;
    }
    lock
}

fn reserve(store: &DieselStore, scope: &str) -> JoinHandle<Result<Reserved, StoreError>> {
    let (store, chat) = (store.clone(), reservation(scope));
    tokio::spawn(async move { store.reserve(&chat).await })
}

async fn until_so_many_wait(store: &DieselStore, count: usize) {
    let they_wait = async {
        while store.connections().waiting < count {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), they_wait).await.unwrap();
}
