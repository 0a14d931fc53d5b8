//! Many who read the same chat at once.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use chats_domain::chat::Chat;
use chats_domain::ports::{ChatStore, StoreError};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, poll_fn};

use crate::support::{AskedStore, a_ready_chat, reservation};

type Read<'a> = BoxFuture<'a, Result<Option<Chat>, StoreError>>;

const READERS: usize = 20;

/// Readers of the chat, as far as they come without the store's answer.
async fn readers<'a>(store: &'a dyn ChatStore, chat: &'a Chat, by_id: bool) -> Vec<Read<'a>> {
    let read =
        || if by_id { store.find(chat.id) } else { store.find_by_key(&chat.audience, &chat.scope) };
    let mut readers: Vec<_> = (0..READERS).map(|_| read()).collect();
    go_on(&mut readers).await;
    readers
}

/// Lets each reader come as far as it can. None comes to its end.
async fn go_on(readers: &mut [Read<'_>]) {
    for reader in readers {
        assert!(poll_once(reader).await.is_pending());
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

#[tokio::test]
async fn of_many_who_read_a_ready_chat_one_asks() {
    for by_id in [true, false] {
        let store = AskedStore::that_answers_late();
        let cached = store.cached();
        let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;
        let readers = readers(&cached, &chat, by_id).await;
        assert_eq!(store.asked(), 1);

        store.let_go(1);
        for found in join_all(readers).await {
            assert_eq!(found.unwrap(), Some(chat.clone()));
        }
        assert_eq!(store.asked(), 1);
        assert_eq!((cached.stats().misses, cached.stats().hits), (1, READERS as u64 - 1));
    }
}

#[tokio::test]
async fn when_the_one_who_asks_goes_away_another_asks() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;
    let mut readers = readers(&cached, &chat, true).await;

    drop(readers.remove(0));
    go_on(&mut readers).await;
    assert_eq!(store.asked(), 2, "one of them");

    store.let_go(1);
    for found in join_all(readers).await {
        assert_eq!(found.unwrap(), Some(chat.clone()));
    }
    assert_eq!(store.asked(), 2);
}

#[tokio::test]
async fn those_who_go_away_while_they_wait_hold_up_nobody() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;
    let mut readers = readers(&cached, &chat, true).await;

    // All but the first and the last; then the first, who had asked.
    readers.drain(1..READERS - 1);
    drop(readers.remove(0));
    store.let_go(1);
    assert_eq!(readers.remove(0).await.unwrap(), Some(chat.clone()));
}

#[tokio::test]
async fn when_the_one_who_asks_fails_the_others_ask_all_at_the_same_time() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;
    store.fail(true);
    let mut readers = readers(&cached, &chat, true).await;
    store.fail(false);

    store.let_go(1);
    assert!(readers.remove(0).await.is_err());
    go_on(&mut readers).await;
    assert_eq!(store.asked(), READERS as u64);

    store.let_go(READERS);
    for found in join_all(readers).await {
        assert_eq!(found.unwrap(), Some(chat.clone()));
    }
}

#[tokio::test]
async fn those_who_wait_for_a_chat_that_is_not_there_ask_all_at_the_same_time() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let absent = reservation("school.example.org", "lesson-1").to_chat();
    let mut readers = readers(&cached, &absent, false).await;
    assert_eq!(store.asked(), 1);

    store.let_go(1);
    assert_eq!(readers.remove(0).await.unwrap(), None);
    go_on(&mut readers).await;
    assert_eq!(store.asked(), READERS as u64);

    store.let_go(READERS);
    for found in join_all(readers).await {
        assert_eq!(found.unwrap(), None);
    }
    assert_eq!(cached.stats().entries, 0);
}

#[tokio::test]
async fn who_has_made_a_chat_finds_it_though_another_asked_before() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let wanted = reservation("school.example.org", "lesson-1");
    // The store has looked, and found nothing, when the chat is made.
    let mut early = cached.find_by_key(&wanted.audience, &wanted.scope);
    assert!(poll_once(&mut early).await.is_pending());
    let chat = a_ready_chat(&cached, &wanted).await;
    let mut late = cached.find_by_key(&wanted.audience, &wanted.scope);
    assert!(poll_once(&mut late).await.is_pending());

    store.let_go(2);
    assert_eq!(early.await.unwrap(), None);
    assert_eq!(late.await.unwrap(), Some(chat));
}

#[tokio::test]
async fn a_chat_that_came_another_way_is_read_though_someone_still_asks() {
    let store = AskedStore::that_answers_late();
    let cached = store.cached();
    let wanted = reservation("school.example.org", "lesson-1");
    let chat = a_ready_chat(&*store, &wanted).await;
    let mut readers = readers(&cached, &chat, false).await;

    let again = reservation("school.example.org", "lesson-1");
    cached.reserve(&again).await.unwrap();
    let found = cached.find_by_key(&chat.audience, &chat.scope).now_or_never();
    assert_eq!(found.unwrap().unwrap(), Some(chat.clone()));

    go_on(&mut readers).await;
    store.let_go(1);
    for found in join_all(readers).await {
        assert_eq!(found.unwrap(), Some(chat.clone()));
    }
    assert_eq!(cached.stats().entries, 2);
}
