//! A database that cannot be connected to is named, its password is not.

use std::error::Error;
use std::iter;
use std::net::TcpListener;

use chats_store::{DatabaseUrl, DieselStore};
use chats_testkit::postgres::database;
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::patient;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);

    let why = why_not(url(&format!("postgres://me:secret@{address}/chats"))).await;
    assert!(why.contains(&format!("postgres://{address}/chats")), "{why}");
    assert!(why.contains("refused"), "{why}");
    assert!(!why.contains("secret"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_named_without_the_password() {
    let server = database().await.unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    let server = server.replace("postgres@", "postgres:secret@");

    let why = why_not(url(&format!("{server}/nowhere"))).await;
    assert!(why.contains(r#""nowhere" does not exist"#), "{why}");
    assert!(!why.contains("secret"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_no_sqlite_database() {
    let directory = TempDir::new().unwrap();
    let why = why_not(url(&format!("sqlite:{}", directory.path().display()))).await;
    assert!(why.contains("unable to open database file"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_something_else_is_no_sqlite_database() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "This is not a database, though it is long enough. ".repeat(100))
        .unwrap();
    let why = why_not(url(&format!("sqlite:{}", file.display()))).await;
    assert!(why.contains("file is not a database"), "{why}");
}

fn url(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

/// The error of connecting, with all its causes.
pub(crate) async fn why_not(url: DatabaseUrl) -> String {
    let connected = DieselStore::connect(&url, patient(), Handle::current()).await;
    let error = connected.err().unwrap();
    let causes = iter::successors(Some(&error as &dyn Error), |&error| error.source());
    let texts: Vec<_> = causes.map(|error| format!("{error} {error:?}")).collect();
    texts.join("\n")
}
