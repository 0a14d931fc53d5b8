//! How the service ends: nobody who was served before misses an answer.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use chats_testkit::postgres::Cluster;
use reqwest::Client;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::support::{Database, Deployment, Raw, chats, until};

/// For a service that goes on for as long as a test looks at it.
const LONG_DELAY: (&str, &str) = ("CHATS_SHUTDOWN__DELAY", "1h");

#[tokio::test]
async fn it_is_served_as_ever_for_a_while_after_it_is_not_ready_any_more() {
    let mut deployment = restarted(&[LONG_DELAY]).await;
    deployment.create("lesson-1", None).await.chat(201);
    let service = deployment.take_service();
    service.signal("-TERM");
    until(async || deployment.ask("/readyz").await.status == 503).await;

    let ending = deployment.ask("/readyz").await.json();
    assert_eq!((&ending["is_ending"], &ending["database"]), (&json!(true), &json!("ready")));
    assert_eq!(deployment.ask("/healthz").await.status, 200);
    assert_eq!(deployment.ask("/metrics").await.status, 200);
    // Each answer asks its client to leave, and so does an error.
    for answer in [deployment.create("lesson-2", None).await, deployment.get("/nowhere").await] {
        assert_eq!(answer.header("connection"), "close");
    }
    let read = deployment.read_by_scope("lesson-1").await;
    read.chat(200);
    assert_eq!(read.header("connection"), "close");

    // Whoever asks twice has no time.
    service.signal("-INT");
    assert!(!service.wait().success());
}

#[tokio::test]
async fn connections_are_kept_until_the_end_is_asked_for() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let answer = deployment.get("/nowhere").await;
    assert_eq!(answer.header("connection"), "");
}

#[tokio::test]
async fn what_is_in_flight_is_answered_and_idle_connections_are_closed() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    let mut idle = Raw::to(&deployment).await;
    idle.send("GET / HTTP/1.1\r\nHost: chats\r\n\r\n").await;
    assert_eq!(idle.statuses(1).await, [404]);
    deployment.fault(&json!({"fault": "hang", "when": "after_work", "on": "open"})).await;

    let service = deployment.take_service();
    let create = deployment.create("lesson-42", None);
    let end = async {
        until(async || is_opening(&deployment).await).await;
        service.signal("-TERM");
        assert_eq!(idle.until_closed().await, [404]);
        until(async || refuses_connections(&deployment).await).await;
        deployment.lift_faults().await;
        service
    };
    let (answer, service) = tokio::join!(create, end);
    answer.chat(201);
    assert!(service.wait().success());
}

#[tokio::test]
async fn a_chat_whose_client_has_gone_is_finished_before_the_end() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.fault(&json!({"fault": "hang", "when": "after_work", "on": "open"})).await;
    let mut client = Raw::to(&deployment).await;
    let body = r#"{"audience": "school.example.org", "scope": "lesson-42"}"#;
    let head = format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        Deployment::token("tutor-7.school.example.org"),
        body.len(),
    );
    client.send(head + body).await;
    until(async || is_opening(&deployment).await).await;
    client.cut();
    until(async || active_requests(&deployment).await == "0").await;

    let service = deployment.take_service();
    service.signal("-TERM");
    until(async || refuses_connections(&deployment).await).await;
    deployment.lift_faults().await;
    assert!(service.wait().success());

    // Nobody recovers it here.
    deployment.start();
    let chat = deployment.read_by_scope("lesson-42").await.chat(200);
    assert!(chat["real_time"].is_object(), "{chat}");
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let mut deployment = restarted(&[("CHATS_SHUTDOWN__TIMEOUT", "100ms")]).await;
    deployment.fault(&json!({"fault": "hang", "when": "before_work", "on": "open"})).await;
    let service = deployment.take_service();
    let create = deployment.request(reqwest::Method::POST, "/api/v1/chats");
    let body = json!({"audience": "school.example.org", "scope": "lesson-42"});
    let create = tokio::spawn(create.json(&body).send());
    until(async || is_opening(&deployment).await).await;
    let start = Instant::now();
    service.signal("-TERM");
    assert!(service.wait().success());
    // It would have tried for eight seconds.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    if let Ok(answer) = create.await.unwrap() {
        assert_eq!(answer.status(), 503);
    }
}

#[tokio::test]
async fn the_database_server_is_told_of_the_end() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap().unwrap();
    let (operator, connection) = tokio_postgres::connect(&cluster.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for setting in ["log_min_messages = debug1", "log_disconnections = on"] {
        operator.batch_execute(&format!("ALTER SYSTEM SET {setting}")).await.unwrap();
    }
    operator.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.database_url = Some(cluster.url());
    deployment.start();
    let scopes = (0..8).map(|number| format!("lesson-{number}"));
    let creates = futures_util::future::join_all(scopes.map(async |scope| {
        deployment.create(&scope, None).await.chat(201);
        deployment.read_by_scope(&scope).await.chat(200);
        let other = deployment.read_by_scope(&format!("no-{scope}")).await;
        other.problem(404, "chat_not_found");
    }));
    creates.await;
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chats'";
    let count = async || operator.query_one(sessions, &[]).await.unwrap().get::<_, i64>(0);
    // Some for reads, some for the rest.
    assert!(count().await >= 2);
    assert!(deployment.terminate());
    until(async || count().await == 0).await;

    let log = fs::read_to_string(cluster.log()).unwrap();
    assert!(log.contains("disconnection: session time"), "{log}");
    for trouble in ["unexpected EOF", "could not receive data", "could not send data"] {
        assert!(!log.contains(trouble), "{log}");
    }
}

/// A deployment whose service has these variables in its environment.
async fn restarted(variables: &[(&str, &str)]) -> Deployment {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.start_with(variables);
    deployment
}

/// Whether a chat is reserved, whose room is asked for next.
async fn is_opening(deployment: &Deployment) -> bool {
    deployment.ask("/metrics").await.text.contains("\nchats_opening 1\n")
}

async fn active_requests(deployment: &Deployment) -> String {
    let text = deployment.ask("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix("http_server_active_requests "));
    line.unwrap().to_owned()
}

async fn refuses_connections(deployment: &Deployment) -> bool {
    // A new client has no connection from before.
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(&deployment.url).send().await.is_err_and(|error| error.is_connect())
}

#[test]
fn before_it_serves_a_signal_ends_it_as_shells_expect() {
    // A database that takes connections, and says nothing.
    let database = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let url = format!("postgres://chats@{}/chats?sslmode=disable", database.local_addr().unwrap());
    let mut command = chats(directory.path());
    command.args(["--http-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let mut service = command.args(["--database-url", &url, "serve"]).spawn().unwrap();
    let _connection = database.accept().unwrap();
    let pid = service.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(service.wait().unwrap().code(), Some(128 + 15));
}
