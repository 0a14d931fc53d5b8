//! What operators are told: whether the service is alive and ready, and its figures.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use url::Url;

use crate::support::{Answer, Database, Deployment, TRIES, chats, refusal};

on_both_databases! {
    async fn a_service_is_alive_and_ready_when_it_says_so(deployment) {
        let alive = deployment.ask("/healthz").await;
        assert_eq!((alive.status, alive.text.as_str()), (200, "alive\n"));
        let ready = deployment.ask("/readyz").await;
        assert_eq!(ready.status, 200);
        assert_eq!(ready.header("content-type"), "application/json");
        assert_eq!(ready.header("cache-control"), "no-store");
        let all_is_well = json!({
            "is_ready": true, "is_ending": false, "database": "ready", "event_service": "ready",
        });
        assert_eq!(ready.json(), all_is_well);
    }

    async fn without_its_event_service_it_is_ready_and_tells_so(deployment) {
        let mut deployment = deployment;
        deployment.kill_event_service();
        let ready = deployment.ask("/readyz").await;
        assert_eq!(ready.status, 200);
        assert_eq!(ready.json()["event_service"], "unreachable");
    }

    async fn requests_and_what_they_asked_of_others_are_counted(deployment) {
        let chat = deployment.create("lesson-42", None).await.chat(201);
        let path = format!("/api/v1/chats/{}", chat["chat_id"].as_str().unwrap());
        for _ in 0..3 {
            deployment.get(&path).await.chat(200);
        }
        deployment.get("/somewhere/else").await.problem(404, "route_not_found");
        let purge = Method::from_bytes(b"PURGE").unwrap();
        let purged = deployment.anonymous(purge, "/api/v1/chats").send().await.unwrap();
        assert_eq!(purged.status(), 405);
        let page = deployment.anonymous(Method::GET, "/docs/index.html").send().await.unwrap();
        assert_eq!(page.status(), 200);

        let metrics = Metrics::of(&deployment).await;
        let requests = |method: &str, route: &str, status: u16| {
            metrics.value(&format!(
                "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",\
                 http_response_status_code=\"{status}\",http_route=\"{route}\"}}"
            ))
        };
        assert_eq!(requests("POST", "/api/v1/chats", 201), "1");
        assert_eq!(requests("GET", "/api/v1/chats/{chat_id}", 200), "3");
        assert_eq!(requests("GET", "/docs/{file}", 200), "1");
        assert_eq!(requests("GET", "_OTHER", 404), "1");
        assert_eq!(requests("_OTHER", "/api/v1/chats", 405), "1");
        assert_eq!(metrics.value("http_server_active_requests"), "0");

        // Of what is known nobody else is asked.
        let calls = |port: &str, call: &str, outcome: &str| metrics.calls(port, call, outcome);
        assert_eq!(calls("chat_store", "reserve", "ok"), "1");
        assert_eq!(calls("chat_store", "confirm", "ok"), "1");
        assert_eq!(calls("chat_store", "find", "ok"), "1");
        assert_eq!(calls("event_rooms", "open", "ok"), "1");
        assert_eq!(calls("access_policy", "authorize", "ok"), "4");
        assert_eq!(metrics.value(r#"chats_cache_requests_total{cache="chats",result="hit"}"#), "2");
        assert_eq!(metrics.value(r#"chats_cache_entries{cache="chats"}"#), "2");
        let tokens = |result: &str| {
            metrics.value(&format!("chats_cache_requests_total{{cache=\"tokens\",result=\"{result}\"}}"))
        };
        assert_eq!(tokens("miss"), calls("authenticator", "authenticate", "ok"));
        let [hits, misses] = ["hit", "miss"].map(|result| tokens(result).parse::<u32>().unwrap());
        assert_eq!(hits + misses, 4);
        assert_ne!(metrics.value(r#"db_client_connections{state="idle"}"#), "0");
        assert_ne!(metrics.value("db_client_connection_max"), "0");
        assert!(metrics.text.contains("chats_build_info{commit="));
        assert_eq!(metrics.value("chats_ready"), "1");
    }

    async fn chats_that_are_opening_and_rooms_in_doubt_are_told(deployment) {
        let metrics = Metrics::of(&deployment).await;
        assert_eq!(metrics.value("chats_opening"), "0");
        assert_eq!(metrics.value("chats_opening_oldest_age_seconds"), "0");
        assert_eq!(metrics.value("chats_rooms_possibly_orphaned_total"), "0");

        deployment.fault(&json!({"fault": "cut", "when": "after_work"})).await;
        deployment.create("lesson-42", None).await.problem(503, "event_service_unavailable");
        let metrics = Metrics::of(&deployment).await;
        assert_eq!(metrics.value("chats_opening"), "1");
        assert!(metrics.value("chats_opening_oldest_age_seconds").parse::<f64>().unwrap() > 0.0);
        assert_eq!(metrics.value("chats_rooms_possibly_orphaned_total"), TRIES.to_string());
        assert_eq!(metrics.calls("event_rooms", "open", "unknown"), TRIES.to_string());
    }

    async fn the_figures_are_as_prometheus_likes_them(deployment) {
        deployment.create("lesson-42", None).await.chat(201);
        let answer = deployment.ask("/metrics").await;
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let linted = promtool(&answer.text);
        let said = [linted.stdout, linted.stderr].concat();
        assert!(linted.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }

    async fn the_page_for_operators_names_each_figure_and_no_other(deployment) {
        deployment.create("lesson-42", None).await.chat(201);
        let answer = deployment.ask("/metrics").await;
        let types = answer.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let told: BTreeSet<_> = types.filter(|it| !it.starts_with("process_")).collect();

        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let page = fs::read_to_string(page).unwrap();
        let named = page.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let (name, kind) = (cells.next()?.strip_suffix('`')?, cells.next()?);
            ["counter", "gauge", "histogram"].contains(&kind).then(|| format!("{name} {kind}"))
        });
        let named: BTreeSet<_> = named.collect();
        assert_eq!(told, named.iter().map(String::as_str).collect());
    }
}

#[tokio::test]
async fn without_its_database_it_is_alive_and_not_ready_and_tells_the_other_figures() {
    let deployment = Deployment::on(Database::PostgreSql).await;
    let url = Url::parse(deployment.database_url.as_ref().unwrap()).unwrap();
    let database = url.path().trim_start_matches('/');
    let operator = operator(url.join("/postgres").unwrap().as_str()).await;
    // Each by itself: together they would be one transaction, in which no database is changed.
    for statement in [
        format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false"),
        format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ),
    ] {
        operator.batch_execute(&statement).await.unwrap();
    }

    let ready = deployment.ask("/readyz").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["is_ready"], false);
    assert_eq!(ready.json()["database"], "unreachable");
    assert_eq!(deployment.ask("/healthz").await.status, 200);
    let metrics = Metrics::of(&deployment).await;
    assert_eq!(metrics.value("chats_ready"), "0");
    assert!(metrics.text.contains("process_start_time_seconds"));
    assert!(!metrics.text.contains("chats_opening"), "{}", metrics.text);
}

#[tokio::test]
async fn with_a_database_that_has_not_seen_all_migrations_it_is_not_ready() {
    let deployment = Deployment::on(Database::PostgreSql).await;
    let operator = operator(deployment.database_url.as_ref().unwrap()).await;
    operator.batch_execute("DELETE FROM __diesel_schema_migrations").await.unwrap();
    let ready = deployment.ask("/readyz").await;
    assert_eq!((ready.status, &ready.json()["database"]), (503, &json!("not_up_to_date")));
    // It answers all the same.
    let metrics = Metrics::of(&deployment).await;
    assert_eq!((metrics.value("chats_ready"), metrics.value("chats_opening")), ("0", "0"));
}

#[tokio::test]
async fn an_event_service_that_does_not_take_our_tokens_is_told() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.start_with(&[("CHATS_IDENTITY__ISSUER", "nobody.example.org")]);
    let ready = deployment.ask("/readyz").await;
    assert_eq!((ready.status, &ready.json()["event_service"]), (200, &json!("refuses")));
}

#[tokio::test]
async fn operators_get_nothing_else_and_nobody_gets_theirs_from_the_api() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let ask = async |method: Method, url: &str, path: &str| {
        let request = Client::new().request(method, format!("{url}{path}"));
        Answer::of(request.send().await.unwrap()).await
    };
    let admin = &deployment.admin_url;
    for path in ["/", "/healthz/", "/metrics/x", "/api/v1/chats", "/debug/pprof"] {
        assert_eq!(ask(Method::GET, admin, path).await.status, 404, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let head = ask(Method::HEAD, admin, path).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(ask(Method::POST, admin, path).await.status, 404, "{path}");
        assert_eq!(ask(Method::GET, &deployment.url, path).await.status, 404, "{path}");
    }
}

#[test]
fn a_port_that_is_taken_stops_the_start_and_the_flag_for_another_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let listeners = ["http", "admin", "event"];
    for listener in listeners {
        let directory = tempfile::tempdir().unwrap();
        let mut command = chats(directory.path());
        for it in listeners {
            let address = if it == listener { taken.as_str() } else { "127.0.0.1:0" };
            command.arg(format!("--{it}-listen={address}"));
        }
        let said = refusal(&mut command);
        let setting =
            format!("{listener}.listen (from the flag --{listener}-listen): cannot listen");
        assert!(said.contains(&setting), "{said}");
        assert!(said.contains(&format!("give another, as by --{listener}-listen")), "{said}");
    }
}

#[tokio::test]
async fn chats_health_tells_by_its_exit_code() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    let address = deployment.admin_url.strip_prefix("http://").unwrap().to_owned();
    let health = |arguments: &[&str]| {
        let mut command = deployment.command();
        command.args(["health", "--admin-listen", &address]).args(arguments);
        command.output().unwrap()
    };
    let ready = health(&[]);
    assert!(ready.status.success());
    let said: Value = serde_json::from_slice(&ready.stdout).unwrap();
    assert_eq!(said["is_ready"], true);
    let alive = health(&["--live"]);
    assert!(alive.status.success());
    assert_eq!(alive.stdout, b"alive\n");

    let command = || deployment.command();
    let unanswered = command().args(["health", "--admin-listen", "127.0.0.1:1"]).output().unwrap();
    assert!(!unanswered.status.success());
    let said = String::from_utf8(unanswered.stderr).unwrap();
    assert!(said.contains("nothing answers at http://127.0.0.1:1/readyz"), "{said}");
    let nowhere = refusal(command().args(["health", "--admin-listen", "127.0.0.1:0"]));
    assert!(nowhere.contains("admin.listen"), "{nowhere}");
    assert!(deployment.terminate());
}

async fn operator(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// What `/metrics` says.
struct Metrics {
    text: String,
}

impl Metrics {
    async fn of(deployment: &Deployment) -> Self {
        let answer = deployment.ask("/metrics").await;
        assert_eq!(answer.status, 200);
        Self { text: answer.text }
    }

    #[track_caller]
    fn value(&self, series: &str) -> &str {
        let value = self.text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {series} in: {}", self.text))
    }

    #[track_caller]
    fn calls(&self, port: &str, call: &str, outcome: &str) -> &str {
        self.value(&format!(
            "chats_port_call_duration_seconds_count{{call=\"{call}\",outcome=\"{outcome}\",port=\"{port}\"}}"
        ))
    }
}

/// The program of Prometheus that looks for what is wrong with figures.
fn promtool(text: &str) -> Output {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("promtool is not there: {error}"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
