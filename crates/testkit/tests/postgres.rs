//! Throw-away PostgreSQL: it is there when it is needed, and gone afterwards.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use chats_testkit::postgres::{Cluster, Pair, Pooler, database, find_binaries};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

type TestResult = Result<(), Box<dyn std::error::Error>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_test_gets_an_empty_database_of_its_own() -> TestResult {
    let (one, other) = tokio::try_join!(database(), database())?;
    assert_ne!(one, other);
    for url in [one, other] {
        // It would fail if the databases were one, or not empty.
        connect(&url).await?.batch_execute("CREATE TABLE chat ()").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_stopped_and_started_has_kept_what_was_committed() -> TestResult {
    let cluster = Cluster::start()?;
    let client = connect(&cluster.url()).await?;
    client.batch_execute("CREATE TABLE kept ()").await?;

    cluster.stop()?;
    assert!(client.batch_execute("SELECT").await.is_err());
    assert!(connect(&cluster.url()).await.is_err());

    cluster.start_again()?;
    let client = connect(&cluster.url()).await?;
    client.batch_execute("SELECT FROM kept").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_killed_and_started_has_kept_what_was_committed() -> TestResult {
    let cluster = Cluster::start()?;
    connect(&cluster.url()).await?.batch_execute("CREATE TABLE kept ()").await?;
    // Busy and idle connections die alike.
    let (busy, idle) = (connect(&cluster.url()).await?, connect(&cluster.url()).await?);
    let busy = tokio::spawn(async move { busy.batch_execute("SELECT pg_sleep(600)").await });

    cluster.kill()?;
    assert!(busy.await?.is_err());
    assert!(idle.batch_execute("SELECT").await.is_err());
    assert!(connect(&cluster.url()).await.is_err());

    cluster.start_again()?;
    connect(&cluster.url()).await?.batch_execute("SELECT FROM kept").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_primary_committed_outlives_one_primary_after_another() -> TestResult {
    let pair = Pair::start()?;
    let tables = ["kept", "kept_too", "kept_as_well"];
    for (number, table) in tables.into_iter().enumerate() {
        let client = connect(&pair.url()).await?;
        client.batch_execute(&format!("CREATE TABLE {table} ()")).await?;
        for earlier in &tables[..number] {
            client.batch_execute(&format!("SELECT FROM {earlier}")).await?;
        }
        pair.kill_primary()?;
        assert!(client.batch_execute("SELECT").await.is_err());
        // The standby is there, and takes no writes.
        assert!(connect(&pair.url()).await.is_err());
        pair.promote_standby()?;
        connect(&pair.url())
            .await?
            .batch_execute("CREATE TABLE alone (); DROP TABLE alone")
            .await?;
        pair.restore_standby()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_shows_what_was_committed_while_it_paused_once_it_goes_on() -> TestResult {
    let pair = Pair::start()?;
    let client = connect(&pair.url()).await?;
    pair.pause_replay()?;
    client.batch_execute("CREATE TABLE kept ()").await?;
    let standby = connect(&pair.standby_url()).await?;
    assert!(standby.batch_execute("SELECT FROM kept").await.is_err());
    pair.resume_replay()?;
    standby.batch_execute("SELECT FROM kept").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_gives_each_transaction_one_of_its_connections() -> TestResult {
    let mut pooler = Pooler::start(&database().await?, 1)?;
    let (one, other) = (connect(&pooler.url()).await?, connect(&pooler.url()).await?);
    assert_eq!(backend(&one).await?, backend(&other).await?);
    // A name is known to whoever comes next.
    one.batch_execute("PREPARE answer AS SELECT 42").await?;
    other.batch_execute("EXECUTE answer").await?;

    pooler.stop();
    assert!(connect(&pooler.url()).await.is_err());
    pooler.start_again()?;
    let client = connect(&pooler.url()).await?;
    assert!(client.batch_execute("EXECUTE answer").await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_cluster_leaves_nothing() -> TestResult {
    let cluster = Cluster::start()?;
    let url = cluster.url();
    let directory = data_directory(&url).await?;
    assert!(directory.exists());

    drop(cluster);
    assert!(connect(&url).await.is_err());
    assert!(!directory.parent().is_some_and(Path::exists));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_of_a_killed_process_leaves_nothing() -> TestResult {
    let mut holder = Command::new(env::current_exe()?)
        .args(["--exact", "hold_a_cluster", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(holder.stdout.take().unwrap());
    let url = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("url: ").map(String::from))
        .unwrap();
    let directory = data_directory(&url).await?;
    assert!(directory.exists());

    holder.kill()?;
    holder.wait()?;
    let gone = async {
        while directory.parent().is_some_and(Path::exists) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await?;
    assert!(connect(&url).await.is_err());
    Ok(())
}

#[test]
#[ignore = "the test above runs it, in a process to kill"]
fn hold_a_cluster() -> TestResult {
    let cluster = Cluster::start()?;
    // A line of its own, whatever the harness has written before.
    writeln!(io::stdout(), "\nurl: {}", cluster.url())?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

#[test]
fn the_binaries_that_are_found_are_there() -> TestResult {
    assert!(find_binaries()?.directory().join("postgres").is_file());
    Ok(())
}

/// The process of the server that answers.
async fn backend(client: &Client) -> Result<String, tokio_postgres::Error> {
    let answer = client.simple_query("SELECT pg_backend_pid()").await?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(row.unwrap_or_default().to_owned())
}

async fn data_directory(url: &str) -> Result<PathBuf, tokio_postgres::Error> {
    let client = connect(url).await?;
    let row = client.query_one("SHOW data_directory", &[]).await?;
    Ok(PathBuf::from(row.get::<_, String>(0)))
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
