//! Who leaves before a connection is open leaves it to the next.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use chats_domain::ports::{ChatIds, ChatStore};
use chats_store::{DatabaseUrl, DieselStore, PoolSettings};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::database;
use futures_util::future::{Either, select};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Handle};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::{migrated, patient};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_for_reads_that_nobody_waits_for_is_there_for_the_next_one() {
    is_there_for_the_next_one(16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_the_pool_that_nobody_waits_for_is_there_for_the_next_one() {
    // Too few for reads to have one of their own.
    is_there_for_the_next_one(1).await;
}

async fn is_there_for_the_next_one(max_connections: usize) {
    let (replica, server) = slow_replica(max_connections).await;
    let connected = server.until_somebody_left(&replica).await;
    tokio::spawn(connected.goes_on());
    assert!(replica.find(RandomIds.next()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_opens_after_the_end_is_closed() {
    let (replica, server) = slow_replica(16).await;
    let connected = server.until_somebody_left(&replica).await;
    replica.leave_other_runtimes().await;
    connected.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_ends_while_a_connection_is_opened_keeps_nobody() {
    let (replica, server) = slow_replica(16).await;
    let worker = spawn_blocking({
        let replica = replica.clone();
        move || {
            let worker = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            worker.block_on(server.until_somebody_left(&replica));
        }
    });
    worker.await.unwrap();
    replica.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_a_server_that_says_nothing_the_next_one_is_reached_by_who_never_waits_as_long() {
    // The system takes connections for it, and nobody answers them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = silent.local_addr().unwrap();
    let url = migrated_database().await.replacen('@', &format!("@{silent_address},"), 1);
    let replica = replica(&url, 16).await;

    let patience = Duration::from_millis(250);
    let found = async {
        while !matches!(timeout(patience, replica.find(RandomIds.next())).await, Ok(Ok(None))) {}
    };
    timeout(Duration::from_secs(30), found).await.unwrap();
}

async fn migrated_database() -> String {
    let url = database().await.unwrap();
    migrated(&url).await;
    url
}

/// A server that is slow to take a connection.
struct SlowServer {
    listener: TcpListener,
    postgres: String,
}

/// A connection that the server has heard of, and has yet to take.
struct Connected {
    client: TcpStream,
    postgres: String,
}

async fn slow_replica(max_connections: usize) -> (DieselStore, SlowServer) {
    let url = migrated_database().await;
    let postgres = url.split(['@', '/']).nth(3).unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let replica = replica(&url.replacen(&postgres, &address, 1), max_connections).await;
    (replica, SlowServer { listener, postgres })
}

impl SlowServer {
    /// Returns once the server has heard of somebody who reads, and who has left then. It hears of nobody else.
    async fn until_somebody_left(self, replica: &DieselStore) -> Connected {
        let read = replica.find(RandomIds.next());
        let Either::Left((connected, _)) = select(pin!(self.listener.accept()), read).await else {
            panic!("nobody has answered yet")
        };
        Connected { client: connected.unwrap().0, postgres: self.postgres }
    }
}

impl Connected {
    /// The server takes the connection. Returns once it is closed.
    async fn goes_on(mut self) {
        let mut postgres = TcpStream::connect(&self.postgres).await.unwrap();
        copy_bidirectional(&mut self.client, &mut postgres).await.unwrap();
    }
}

async fn replica(url: &str, max_connections: usize) -> DieselStore {
    let url = DatabaseUrl::of_a_replica(url).unwrap();
    let settings = PoolSettings {
        max_connections: NonZeroUsize::new(max_connections).unwrap(),
        acquire_timeout: Duration::from_secs(4),
        ..patient()
    };
    DieselStore::connect(&url, settings, Handle::current()).await.unwrap()
}
