//! A connection breaks in the middle of a group of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Reservation, Reserved};
use chats_store::DieselStore;
use chats_testkit::postgres::database;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::group_commit::assert_one_of_two_has_the_room;
use crate::postgres::assert_unavailable;
use crate::{connected, migrated, operator, patient, reservation};

/// What the client sends next as a query of its own, and so in one piece, when a connection is cut.
#[derive(Clone, Copy)]
enum Cut {
    Before(&'static str),
    /// Once the server has answered; the answer is lost.
    After(&'static str),
}

#[tokio::test]
async fn a_group_whose_commit_did_not_arrive_is_not_done_and_nobody_is_told_that_it_was() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let store = connected(&proxy(&url, Cut::Before("COMMIT")).await, patient()).await;
    let chats = ["a", "b", "c"].map(reservation);
    assert_nothing_is_done(&url, &store, &chats).await;
    for chat in &chats {
        assert_eq!(store.reserve(chat).await.unwrap(), Reserved::Made);
    }
}

#[tokio::test]
async fn a_group_whose_commit_is_not_answered_is_done_once() {
    let url = database().await.unwrap();
    let chats = ["a", "b", "c"].map(reservation);
    let direct = migrated(&url).await;
    for chat in &chats {
        direct.reserve(chat).await.unwrap();
    }
    let count_updates = "
        CREATE TABLE updates (id uuid);
        CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN INSERT INTO updates VALUES (NEW.id); RETURN NEW; END';
        CREATE TRIGGER counts AFTER UPDATE ON chat FOR EACH ROW EXECUTE FUNCTION count_update();";
    let operator = operator(&url).await;
    operator.batch_execute(count_updates).await.unwrap();

    let store = connected(&proxy(&url, Cut::After("COMMIT")).await, patient()).await;
    let later = reservation("later").lease_until;
    let postponed = chats.iter().map(|chat| store.postpone(chat.id, Attempt::FIRST, later));
    for unknown in join_all(postponed).await {
        assert_unavailable(&unknown);
    }
    let updates = "SELECT count(*), count(DISTINCT id) FROM updates";
    let updates = operator.query_one(updates, &[]).await.unwrap();
    assert_eq!((updates.get::<_, i64>(0), updates.get::<_, i64>(1)), (3, 3));
}

#[tokio::test]
async fn a_group_that_did_not_begin_is_not_tried_again() {
    let url = database().await.unwrap();
    migrated(&url).await;
    let store = connected(&proxy(&url, Cut::Before("BEGIN")).await, patient()).await;
    let chats = ["a", "b", "c"].map(reservation);
    assert_nothing_is_done(&url, &store, &chats).await;
}

#[tokio::test]
async fn a_group_that_cannot_be_rolled_back_is_carried_out_one_by_one() {
    let url = database().await.unwrap();
    let direct = migrated(&url).await;
    let chats = ["a", "b", "c"].map(reservation);
    for chat in &chats {
        direct.reserve(chat).await.unwrap();
    }
    let store = connected(&proxy(&url, Cut::Before("ROLLBACK")).await, patient()).await;
    assert_one_of_two_has_the_room(&store, &chats).await;
}

/// Reserves chats together: nobody knows what came of it, and nothing did.
async fn assert_nothing_is_done(url: &str, store: &DieselStore, chats: &[Reservation]) {
    for unknown in join_all(chats.iter().map(|chat| store.reserve(chat))).await {
        assert_unavailable(&unknown);
    }
    let count = operator(url).await.query_one("SELECT count(*) FROM chat", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 0);
}

/// The URL of a proxy before the server of `url`, which cuts the first connection that comes to that.
async fn proxy(url: &str, cut: Cut) -> String {
    let (address, of_server) = (url.split(['@', '/']).nth(3).unwrap().to_owned(), url.to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = of_server.replacen(&address, &listener.local_addr().unwrap().to_string(), 1);
    let cuts_left = Arc::new(AtomicUsize::new(1));
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&address).await.unwrap();
            tokio::spawn(forward(client, server, cut, Arc::clone(&cuts_left)));
        }
    });
    url
}

/// Forwards until one side ends, or the connection is cut.
async fn forward(mut client: TcpStream, server: TcpStream, cut: Cut, cuts_left: Arc<AtomicUsize>) {
    let (Cut::Before(query) | Cut::After(query)) = cut;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from_client.read(&mut buffer).await.unwrap_or(0);
            let sent = &buffer[..length];
            let is_there = sent.windows(query.len()).any(|it| it == query.as_bytes());
            let is_cut = is_there && cuts_left.swap(0, Ordering::Relaxed) == 1;
            if length == 0 || (is_cut && matches!(cut, Cut::Before(_))) {
                return false;
            }
            to_server.write_all(sent).await.unwrap();
            if is_cut {
                return true;
            }
        }
    };
    let is_answer_lost = tokio::select! {
        is_answer_lost = requests => is_answer_lost,
        _ = copy(&mut from_server, &mut to_client) => false,
    };
    if is_answer_lost {
        assert!(from_server.read(&mut [0; 1024]).await.unwrap() > 0);
    }
}
