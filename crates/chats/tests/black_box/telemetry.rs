//! What those who run the service are told of a request: a line in the log, and a trace.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Database, Deployment, Recorder};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn each_request_has_one_line_in_the_log() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let log = deployment.start_with_log("info");

    deployment.create("lesson-42", Some(json!({"note": "for nobody's eyes"}))).await.chat(201);
    let read = "/api/v1/audiences/school.example.org/chats/lesson-42";
    let request = deployment.request(Method::GET, read).header("x-request-id", "read-1");
    request.header("traceparent", CALLER).send().await.unwrap();
    let anonymous = deployment.anonymous(Method::DELETE, "/nowhere?secret=no");
    anonymous.header("x-request-id", "lost-1").send().await.unwrap();
    let refused = deployment.anonymous(Method::GET, read).header("x-request-id", "refused-1");
    refused.bearer_auth("no.good.token").send().await.unwrap();
    deployment.kill_event_service();
    let failed = deployment.create("lesson-43", None).await;
    assert!(deployment.terminate());

    let lines = requests(&log);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    let line = |id: &str| lines.iter().find(|line| line["request_id"] == id).unwrap();
    let created = &lines[0];
    for (name, value) in [
        ("level", json!("INFO")),
        ("method", json!("POST")),
        ("route", json!("/api/v1/chats")),
        ("status", json!(201)),
        ("account", json!("tutor-7.school.example.org")),
    ] {
        assert_eq!(created[name], value, "{created}");
    }
    assert!(created["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(created["trace_id"], Value::Null, "it is part of none");

    assert_eq!(line("read-1")["trace_id"], TRACE);
    assert_eq!(line("read-1")["route"], "/api/v1/audiences/{audience}/chats/{scope}");
    assert_eq!(line("lost-1")["problem"], "route_not_found");
    assert_eq!(line("lost-1")["account"], Value::Null);
    assert_eq!(line("refused-1")["problem"], "authentication_failed");
    assert_eq!(line("refused-1")["cause"], "is not a signed JWT");
    let failure = line(failed.headers["x-request-id"].to_str().unwrap());
    assert_eq!((&failure["level"], &failure["status"]), (&json!("WARN"), &json!(503)));
    assert_eq!(failure["problem"], "event_service_unavailable");
    let log = fs::read_to_string(&log).unwrap();
    for secret in ["nobody's eyes", "secret=no", "no.good.token"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_callers_trace_is_passed_on_to_whoever_is_asked() {
    let event_service = Recorder::that_answers(503).await;
    let tenant = Recorder::that_answers(503).await;
    let asked = format!(
        "[audiences.\"asked.example.org\"]\npolicy = \"http\"\nuri = \"{}/authz\"\nretries = 0\n",
        tenant.url
    );
    let mut deployment = Deployment::with(Database::Sqlite, &asked).await;
    deployment.kill();
    deployment.event_url.clone_from(&event_service.url);
    deployment.start();

    let create = |audience: &str| {
        let account = format!("tutor-7.{audience}");
        let body = json!({"audience": audience, "scope": "lesson-42"});
        let request = deployment.anonymous(Method::POST, "/api/v1/chats").json(&body);
        request.bearer_auth(Deployment::token(&account))
    };
    let traced = create("school.example.org").header("traceparent", CALLER);
    traced.header("tracestate", "school=7").send().await.unwrap();
    let opening = event_service.next().await;
    assert_eq!(opening.header("traceparent"), Some(CALLER));
    assert_eq!(opening.header("tracestate"), Some("school=7"));

    create("asked.example.org").header("traceparent", CALLER).send().await.unwrap();
    let question = tenant.next().await;
    assert_eq!(question.header("traceparent"), Some(CALLER));
    assert_eq!(question.header("tracestate"), None, "an empty one is not sent");
    // What is no trace is not passed on; and none begins here while nobody collects it.
    create("asked.example.org").header("traceparent", "00-0-0-0").send().await.unwrap();
    assert_eq!(tenant.next().await.header("traceparent"), None);
}

#[tokio::test]
async fn a_trace_reaches_the_collector_with_the_requests_part_in_it() {
    let collector = Recorder::that_answers(200).await;
    let event_service = Recorder::that_answers(503).await;
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.event_url.clone_from(&event_service.url);
    deployment.start_with(&[("CHATS_TRACES__ENDPOINT", &collector.url)]);

    let body = json!({"audience": "school.example.org", "scope": "lesson-42"});
    let request = deployment.request(Method::POST, "/api/v1/chats").json(&body);
    request.header("traceparent", CALLER).send().await.unwrap();
    let passed_on = event_service.next().await.header("traceparent").unwrap().to_owned();
    // The same trace, another span.
    assert!(passed_on.starts_with(&CALLER[..36]) && passed_on.ends_with("-01"), "{passed_on}");
    assert_ne!(passed_on, CALLER);

    assert!(deployment.terminate(), "what is left is sent at the end");
    let export = collector.next().await;
    assert!(export.head.starts_with("post /v1/traces "), "{}", export.head);
    let trace_id: Vec<_> =
        (0..16).map(|at| u8::from_str_radix(&TRACE[2 * at..][..2], 16).unwrap()).collect();
    for part in [&trace_id[..], b"POST /api/v1/chats", b"chat_store reserve", b"event_rooms open"] {
        let is_there = export.body.windows(part.len()).any(|it| it == part);
        assert!(is_there, "{}", String::from_utf8_lossy(part));
    }
    let says_too_much = export.body.windows(9).any(|it| it == b"lesson-42");
    assert!(!says_too_much);
}

#[tokio::test]
async fn a_request_whose_client_has_gone_is_in_the_log_too() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let log = deployment.start_with_log("info");
    deployment.fault(&json!({"fault": "hang", "when": "before_work", "on": "open"})).await;

    let body = json!({"audience": "school.example.org", "scope": "lesson-42"}).to_string();
    let head = format!(
        "POST /api/v1/chats HTTP/1.1\r\nhost: chats\r\nauthorization: Bearer {}\r\nx-request-id: left-1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        Deployment::token("tutor-7.school.example.org"),
        body.len(),
    );
    let address = deployment.url.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    while deployment.read_by_scope("lesson-42").await.status != 200 {}
    // The connection is broken, and not only closed on one side.
    client.set_zero_linger().unwrap();
    drop(client);
    until_logged(&log, "request abandoned").await;
    let log = fs::read_to_string(&log).unwrap();
    let line = log.lines().find(|line| line.contains("request abandoned")).unwrap();
    assert!(line.contains(r#""request_id":"left-1""#), "{line}");
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nobody() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let unread = deployment.start_with_its_log_in_a_pipe();
    // A pipe takes some two hundred lines.
    for _ in 0..600 {
        deployment.anonymous(Method::GET, "/nowhere").send().await.unwrap();
    }
    assert!(deployment.terminate());
    drop(unread);
}

#[tokio::test]
async fn the_filter_of_the_log_is_read_again_on_a_hangup() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let file = deployment.directory.path().join("chats.toml");
    let configuration = fs::read_to_string(&file).unwrap();
    let with_filter = |filter: &str| {
        fs::write(&file, format!("{configuration}[log]\nfilter = \"{filter}\"\n")).unwrap();
    };
    with_filter("warn");
    let log = deployment.start_with_its_log();
    deployment.create("lesson-1", None).await.chat(201);
    assert_eq!(requests(&log).len(), 0);

    with_filter("info");
    deployment.signal("-HUP");
    until_logged(&log, "another filter").await;
    deployment.create("lesson-2", None).await.chat(201);
    assert!(deployment.terminate());
    assert_eq!(requests(&log).len(), 1);
}

/// The lines that requests have in the log, which is of JSON where it goes to a file.
fn requests(log: &Path) -> Vec<Value> {
    let log = fs::read_to_string(log).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == "request").collect()
}

async fn until_logged(log: &Path, text: &str) {
    let logged = async {
        while !fs::read_to_string(log).unwrap().contains(text) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), logged).await.unwrap();
}
