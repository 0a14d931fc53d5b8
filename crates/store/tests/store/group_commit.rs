//! Changes that come at the same time are committed together, in PostgreSQL.
//!
//! Most of these tests have one thread: so all changes of a test wait before the first of them is committed.

use std::fs;
use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved};
use chats_store::DieselStore;
use chats_testkit::postgres::{Cluster, database};
use futures_util::future::join_all;
use tokio::time::timeout;
use uuid::Uuid;

use crate::postgres::{assert_unavailable, until, waiting_for_a_lock};
use crate::{connected, migrated, operator, patient, reservation};

/// So many groups are committed at the same time.
const GROUPS: u32 = 2;

/// So many changes are a group, at the most.
const TOGETHER: usize = 64;

/// So many changes may wait that begin something.
const BEGINNINGS: usize = 256;

/// So long is plenty for one that is kept by nobody.
const PLENTY: Duration = Duration::from_secs(10);

#[tokio::test]
async fn changes_that_wait_at_the_same_time_are_one_transaction() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let chats = (0..3 * TOGETHER).map(|number| reservation(&format!("lesson-{number}")));
    let chats: Vec<_> = chats.collect();
    for made in join_all(chats.iter().map(|chat| store.reserve(chat))).await {
        assert_eq!(made.unwrap(), Reserved::Made);
    }
    let transactions = "SELECT count(DISTINCT xmin::text) FROM chat";
    let transactions = operator(&url).await.query_one(transactions, &[]).await.unwrap();
    assert_eq!(transactions.get::<_, i64>(0), 3);
}

#[tokio::test]
async fn one_that_fails_makes_no_other_fail() {
    let store = migrated(&database().await.unwrap()).await;
    let chats = ["a", "b", "c"].map(reservation);
    for chat in &chats {
        store.reserve(chat).await.unwrap();
    }
    assert_one_of_two_has_the_room(&store, &chats).await;
}

#[tokio::test]
async fn one_that_waits_for_a_lock_keeps_no_other_of_its_group_waiting() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let held = reservation("held");
    store.reserve(&held).await.unwrap();
    let mut operator = operator(&url).await;
    let lock = operator.transaction().await.unwrap();
    lock.execute("SELECT FROM chat FOR UPDATE", &[]).await.unwrap();

    let released = tokio::spawn({
        let store = store.clone();
        async move { store.release(held.id, Attempt::FIRST).await }
    });
    let free: Vec<_> = (0..10).map(|number| reservation(&format!("free-{number}"))).collect();
    let reserved = join_all(free.iter().map(|chat| store.reserve(chat)));
    for made in timeout(PLENTY, reserved).await.unwrap() {
        assert_eq!(made.unwrap(), Reserved::Made);
    }
    assert!(!released.is_finished());
    lock.rollback().await.unwrap();
    assert!(released.await.unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_wait_for_locks_by_themselves_keep_no_other_waiting() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let held: Vec<_> = (0..=GROUPS).map(|number| reservation(&format!("held-{number}"))).collect();
    for chat in &held {
        store.reserve(chat).await.unwrap();
    }
    let (mut one, other) = (operator(&url).await, operator(&url).await);
    let lock = one.transaction().await.unwrap();
    lock.execute("SELECT FROM chat FOR UPDATE", &[]).await.unwrap();
    let mut released = Vec::new();
    for (chat, waiting) in held.iter().zip(1..) {
        let (store, id) = (store.clone(), chat.id);
        released.push(tokio::spawn(async move { store.release(id, Attempt::FIRST).await }));
        until(&other, &waiting_for_a_lock(waiting)).await;
    }

    let made = timeout(PLENTY, store.reserve(&reservation("free"))).await;
    assert_eq!(made.unwrap().unwrap(), Reserved::Made);
    lock.rollback().await.unwrap();
    for released in join_all(released).await {
        assert!(released.unwrap().unwrap());
    }
}

#[tokio::test]
async fn groups_of_the_same_keys_take_them_in_one_order() {
    const ROUNDS: usize = 10;
    let cluster = Cluster::start().unwrap();
    let (one, other) = (migrated(&cluster.url()).await, connected(&cluster.url(), patient()).await);
    for round in 0..ROUNDS {
        let chats = (0..TOGETHER).map(|number| reservation(&format!("{round}-{number}")));
        let chats: Vec<_> = chats.collect();
        let others = chats.iter().map(|chat| reservation(chat.scope.as_str()));
        let others: Vec<_> = others.rev().collect();
        let (made, met) = tokio::join!(
            join_all(chats.iter().map(|chat| one.reserve(chat))),
            join_all(others.iter().map(|chat| other.reserve(chat))),
        );
        let made = made.into_iter().chain(met).filter(|it| *it.as_ref().unwrap() == Reserved::Made);
        assert_eq!(made.count(), TOGETHER);
    }
    // A busy machine may keep one group waiting for another for long enough.
    let log = fs::read_to_string(cluster.log()).unwrap();
    let in_vain = log.matches("lock timeout").count();
    assert!(in_vain <= ROUNDS / 3, "{in_vain} groups waited for a lock in vain");
}

#[tokio::test]
async fn where_too_many_wait_the_next_hears_so_at_once_unless_it_goes_on_with_something() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let begun = reservation("begun");
    store.reserve(&begun).await.unwrap();
    let chats: Vec<_> =
        (0..=BEGINNINGS).map(|number| reservation(&format!("lesson-{number}"))).collect();
    let reservations = join_all(chats.iter().map(|chat| store.reserve(chat)));
    let confirmation = store.confirm(begun.id, Attempt::FIRST, Uuid::new_v4().into());
    let (mut outcomes, confirmed) = tokio::join!(reservations, confirmation);

    assert_eq!(confirmed.unwrap(), Confirmed::Ready);
    assert_unavailable(&outcomes.pop().unwrap());
    for made in outcomes {
        assert_eq!(made.unwrap(), Reserved::Made);
    }
    // It came last, and was in one of the first groups.
    let before_it = "SELECT count(DISTINCT xmin::text) FROM chat
        WHERE xmin::text::bigint < (SELECT xmin::text::bigint FROM chat WHERE scope = 'begun')";
    let before_it = operator(&url).await.query_one(before_it, &[]).await.unwrap();
    assert!(before_it.get::<_, i64>(0) < GROUPS.into());
    // There is room again.
    assert_eq!(store.reserve(&chats[BEGINNINGS]).await.unwrap(), Reserved::Made);
}

/// Confirms three chats together, of which two get one room.
pub(crate) async fn assert_one_of_two_has_the_room(store: &DieselStore, chats: &[Reservation; 3]) {
    let [room, another] = [Uuid::new_v4().into(), Uuid::new_v4().into()];
    let (one, other, third) = tokio::join!(
        store.confirm(chats[0].id, Attempt::FIRST, room),
        store.confirm(chats[1].id, Attempt::FIRST, room),
        store.confirm(chats[2].id, Attempt::FIRST, another),
    );
    assert_eq!(third.unwrap(), Confirmed::Ready);
    let of_one_room = [one.unwrap(), other.unwrap()];
    assert!(
        of_one_room.contains(&Confirmed::Ready) && of_one_room.contains(&Confirmed::RoomTaken),
        "{of_one_room:?}"
    );
}
