//! A replica that is down, or hangs, costs next to nothing.

use std::sync::Arc;

use chats_domain::ports::ChatStore;
use chats_replica::{PATIENCE, REST, ReplicaStats};
use tokio::task::yield_now;

use crate::support::{Does, Pair};

#[tokio::test]
async fn a_replica_that_fails_is_left_alone_for_a_while() {
    let pair = Pair::new();
    let chat = pair.ready_chat().await;
    pair.replica.does(Does::Fail);
    for _ in 0..10 {
        assert_eq!(pair.store.find(chat.id).await.unwrap().as_ref(), Some(&chat));
    }
    assert_eq!(pair.replica.asked(), 1);

    pair.clock.advance(REST);
    for _ in 0..10 {
        assert_eq!(pair.store.find(chat.id).await.unwrap().as_ref(), Some(&chat));
    }
    assert_eq!(pair.replica.asked(), 2);

    pair.replica.does(Does::Answer);
    pair.clock.advance(REST);
    for _ in 0..10 {
        assert_eq!(pair.store.find(chat.id).await.unwrap().as_ref(), Some(&chat));
    }
    let stats = ReplicaStats { answered: 10, passed_on: 0, failed: 2, left_alone: 18 };
    assert_eq!(pair.store.stats(), stats);
}

#[tokio::test]
async fn who_asks_a_replica_that_hangs_waits_for_a_moment_and_the_next_ones_do_not() {
    let pair = Pair::new();
    let chat = pair.ready_chat().await;
    pair.replica.does(Does::Hang);
    let first = tokio::spawn({
        let store = Arc::clone(&pair.store);
        async move { store.find(chat.id).await }
    });
    pair.clock.until_asleep(1).await;
    pair.clock.advance(PATIENCE / 2);
    yield_now().await;
    assert!(!first.is_finished());
    pair.clock.advance(PATIENCE / 2);
    assert_eq!(first.await.unwrap().unwrap().as_ref(), Some(&chat));

    let by_key = pair.store.find_by_key(&chat.audience, &chat.scope).await.unwrap();
    assert_eq!(by_key, Some(chat));
    let stats = ReplicaStats { failed: 1, left_alone: 1, ..ReplicaStats::default() };
    assert_eq!(pair.store.stats(), stats);
}

#[tokio::test]
async fn while_one_tries_a_replica_again_the_others_do_not_wait_for_it() {
    let pair = Pair::new();
    let chat = pair.ready_chat().await;
    pair.replica.does(Does::Fail);
    pair.store.find(chat.id).await.unwrap();
    pair.replica.does(Does::Hang);
    pair.clock.advance(REST);
    let tries = tokio::spawn({
        let store = Arc::clone(&pair.store);
        async move { store.find(chat.id).await }
    });
    pair.clock.until_asleep(1).await;
    assert_eq!(pair.store.find(chat.id).await.unwrap().as_ref(), Some(&chat));
    pair.clock.advance(PATIENCE);
    assert_eq!(tries.await.unwrap().unwrap(), Some(chat));
}

#[tokio::test]
async fn an_answer_to_who_asked_before_a_failure_ends_no_rest() {
    let pair = Pair::new();
    let chat = pair.ready_chat().await;
    let read = || {
        let store = Arc::clone(&pair.store);
        tokio::spawn(async move { store.find(chat.id).await.unwrap() })
    };
    pair.replica.does(Does::Hang);
    let one = read();
    pair.clock.until_asleep(1).await;
    pair.clock.advance(PATIENCE / 2);
    pair.replica.does(Does::Wait);
    let other = read();
    pair.clock.until_asleep(2).await;
    pair.clock.advance(PATIENCE / 2);
    assert_eq!(one.await.unwrap().as_ref(), Some(&chat));
    pair.replica.answer_one();
    assert_eq!(other.await.unwrap().as_ref(), Some(&chat));

    pair.replica.does(Does::Answer);
    assert_eq!(pair.store.find(chat.id).await.unwrap(), Some(chat));
    let stats = ReplicaStats { answered: 1, passed_on: 0, failed: 1, left_alone: 1 };
    assert_eq!(pair.store.stats(), stats);
}

#[tokio::test]
async fn the_primary_is_needed_for_what_the_replica_has_not_got() {
    let pair = Pair::new();
    pair.replica.does(Does::Fail);
    let nobodys = crate::support::reservation().id;
    assert_eq!(pair.store.find(nobodys).await.unwrap(), None);
}
