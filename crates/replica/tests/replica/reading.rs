//! What is believed from a replica.

use chats_domain::chat::Chat;
use chats_domain::ports::ChatStore;
use chats_replica::{ReplicaStats, ReplicatedStore};
use uuid::Uuid;

use crate::support::{Pair, make_ready, reservation};

/// The chat that is read by either of its keys.
async fn read(store: &ReplicatedStore, chat: &Chat) -> Option<Chat> {
    let by_id = store.find(chat.id).await.unwrap();
    let by_key = store.find_by_key(&chat.audience, &chat.scope).await.unwrap();
    assert_eq!(by_id, by_key);
    by_id
}

#[tokio::test]
async fn a_ready_chat_is_read_from_the_replica_alone() {
    let pair = Pair::new();
    let chat = pair.opening_chat().await;
    // Of the primary's room the replica knows nothing, so who answers can be told.
    let ready = make_ready(&pair.replica.chats, &chat, Uuid::new_v4().into()).await;
    make_ready(&pair.primary, &chat, Uuid::new_v4().into()).await;
    assert_eq!(read(&pair.store, &chat).await, Some(ready));
    assert_eq!(pair.store.stats(), ReplicaStats { answered: 2, ..ReplicaStats::default() });
}

#[tokio::test]
async fn a_chat_that_the_replica_has_not_got_yet_is_read_from_the_primary() {
    let pair = Pair::new();
    pair.store.reserve(&reservation()).await.unwrap();
    let [chat] = pair.primary.all().try_into().unwrap();
    assert_eq!(read(&pair.store, &chat).await, Some(chat.clone()));
    let ready = make_ready(&pair.primary, &chat, Uuid::new_v4().into()).await;
    assert_eq!(read(&pair.store, &chat).await, Some(ready));
    assert_eq!(pair.store.stats(), ReplicaStats { passed_on: 4, ..ReplicaStats::default() });
}

#[tokio::test]
async fn a_chat_that_is_opening_on_the_replica_may_be_ready() {
    let pair = Pair::new();
    let chat = pair.opening_chat().await;
    let ready = make_ready(&pair.primary, &chat, Uuid::new_v4().into()).await;
    assert_eq!(read(&pair.store, &chat).await, Some(ready));
}

#[tokio::test]
async fn a_chat_that_is_opening_on_the_replica_may_be_gone() {
    let pair = Pair::new();
    let chat = pair.opening_chat().await;
    assert!(pair.store.release(chat.id, chats_domain::chat::Attempt::FIRST).await.unwrap());
    assert_eq!(read(&pair.store, &chat).await, None);
}
