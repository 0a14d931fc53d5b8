//! Issuers whose keys come as a set.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use chats_testkit::memory::SystemClock;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Answer, Database, Deployment, chats, refusal};

const PATH: &str = "/api/v1/audiences/school.example.org/chats/lesson-42";
const QUICK: &str = "jwks_refresh = \"100ms\"\njwks_cooldown = \"100ms\"\njwks_timeout = \"5s\"";

/// A service with one more issuer, whose keys come from there.
async fn deployment(jwks: &str, settings: &str) -> Deployment {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let file = deployment.directory.path().join("chats.toml");
    let issuer = format!(
        "[issuers.\"jwks.example.org\"]\naudiences = [\"school.example.org\"]\n\
         algorithm = \"ES256\"\njwks = \"{jwks}\"\n{settings}\n"
    );
    fs::write(&file, fs::read_to_string(&file).unwrap() + &issuer).unwrap();
    deployment.start();
    deployment
}

fn key(id: &str) -> IssuerKey {
    IssuerKey::generate(Some(id)).unwrap()
}

fn set(keys: &[&IssuerKey]) -> String {
    serde_json::to_string(&jwks(keys.iter().copied())).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "jwks.example.org",
        "aud": "school.example.org",
        "sub": "tutor-7",
        "exp": 4_102_444_800_i64,
    })
}

async fn get(deployment: &Deployment, token: &str) -> Answer {
    let request = deployment.anonymous(Method::GET, PATH).bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

async fn get_with(deployment: &Deployment, key: &IssuerKey) -> Answer {
    get(deployment, &key.sign(&claims()).unwrap()).await
}

/// Asks until the answer has this status.
async fn until(status: u16, deployment: &Deployment, key: &IssuerKey) {
    let token = key.sign(&claims()).unwrap();
    let asking = async { while get(deployment, &token).await.status != status {} };
    timeout(Duration::from_secs(30), asking).await.unwrap();
}

#[tokio::test]
async fn keys_come_and_go_while_the_service_runs() {
    keys_come_and_go(QUICK).await;
}

#[tokio::test]
async fn keys_come_and_go_while_no_token_is_remembered() {
    keys_come_and_go(&format!("{QUICK}\n[cache]\ntokens = 0")).await;
}

async fn keys_come_and_go(settings: &str) {
    let (old, new) = (key("old"), key("new"));
    let server = JwksServer::start(Behaviour::Serves(set(&[&old]))).await.unwrap();
    let deployment = deployment(&server.url(), settings).await;
    get_with(&deployment, &old).await.problem(404, "chat_not_found");

    server.behave(Behaviour::Serves(set(&[&old, &new])));
    until(404, &deployment, &new).await;
    get_with(&deployment, &old).await.problem(404, "chat_not_found");

    server.behave(Behaviour::Serves(set(&[&new])));
    until(401, &deployment, &old).await;
    for _ in 0..20 {
        get_with(&deployment, &new).await.problem(404, "chat_not_found");
        get_with(&deployment, &old).await.problem(401, "authentication_failed");
    }
}

/// While 16 clients ask, one request after the other.
#[tokio::test]
async fn keys_change_under_load_and_no_good_token_is_refused_nor_a_revoked_one_taken() {
    let (old, new) = (key("old"), key("new"));
    let server = JwksServer::start(Behaviour::Serves(set(&[&old]))).await.unwrap();
    let deployment = deployment(&server.url(), QUICK).await;
    let comes = async {
        server.behave(Behaviour::Serves(set(&[&old, &new])));
        until(404, &deployment, &new).await;
    };
    under_load(&deployment, &old, 404, comes).await;
    let goes = async {
        server.behave(Behaviour::Serves(set(&[&new])));
        until(401, &deployment, &old).await;
    };
    under_load(&deployment, &new, 404, goes).await;
    let refreshed = async { server.until_requests(server.requests() + 5).await };
    under_load(&deployment, &old, 401, refreshed).await;
    let refreshed = async { server.until_requests(server.requests() + 5).await };
    under_load(&deployment, &new, 404, refreshed).await;
}

/// What happens meanwhile changes nothing for those who ask with this key.
async fn under_load(
    deployment: &Deployment,
    key: &IssuerKey,
    status: u16,
    meanwhile: impl Future<Output = ()>,
) {
    let (token, is_over) = (key.sign(&claims()).unwrap(), Cell::new(false));
    let client = async || {
        let mut requests = 0;
        while !is_over.get() || requests == 0 {
            assert_eq!(get(deployment, &token).await.status, status);
            requests += 1;
        }
    };
    let clients = join_all((0..16).map(|_| client()));
    let meanwhile = async {
        timeout(Duration::from_secs(30), meanwhile).await.unwrap();
        is_over.set(true);
    };
    tokio::join!(clients, meanwhile);
}

#[tokio::test]
async fn a_server_of_keys_that_is_down_takes_nothing_down() {
    let known = key("known");
    let set_of_known = || Behaviour::Serves(set(&[&known]));
    let server = JwksServer::start(set_of_known()).await.unwrap();
    let (url, address) = (server.url(), server.address());
    drop(server);

    // It starts, and its other issuer works; of this one nothing is known yet.
    let deployment = deployment(&url, QUICK).await;
    deployment.get(PATH).await.problem(404, "chat_not_found");
    let unknown = get_with(&deployment, &known).await;
    unknown.problem(503, "authorization_unavailable");
    assert_eq!(unknown.header("www-authenticate"), "");

    let server = JwksServer::start_at(address, set_of_known()).await.unwrap();
    until(404, &deployment, &known).await;
    drop(server);
    // Unless it was fetched meanwhile, as it may be, this one asks the server that is gone.
    get_with(&deployment, &key("unknown")).await.problem(401, "authentication_failed");
    for _ in 0..20 {
        get_with(&deployment, &known).await.problem(404, "chat_not_found");
    }
}

#[tokio::test]
async fn keys_that_do_not_come_are_waited_for_while_the_client_still_listens() {
    let known = key("known");
    let server = JwksServer::start(Behaviour::Hangs).await.unwrap();
    let deployment = deployment(&server.url(), "jwks_timeout = \"10m\"").await;
    let answer = timeout(Duration::from_secs(9), get_with(&deployment, &known)).await.unwrap();
    answer.problem(503, "authorization_unavailable");
    deployment.get(PATH).await.problem(404, "chat_not_found");

    server.behave(Behaviour::Serves(set(&[&known])));
    until(404, &deployment, &known).await;
}

#[tokio::test]
async fn how_much_clocks_may_differ_is_the_issuers_own() {
    let known = key("known");
    let server = JwksServer::start(Behaviour::Serves(set(&[&known]))).await.unwrap();
    let mut claims = claims();
    claims["exp"] = (SystemClock.now().as_unix_seconds() - 60).into();
    let token = known.sign(&claims).unwrap();
    for (settings, status) in [("", 401), ("leeway = \"5m\"", 404)] {
        let deployment = deployment(&server.url(), settings).await;
        assert_eq!(get(&deployment, &token).await.status, status, "{settings}");
    }
}

/// Whoever names the issuer could have the log written full.
#[tokio::test]
async fn the_log_is_told_once_of_keys_that_cannot_be_had() {
    let server = JwksServer::start(Behaviour::Serves("broken".to_owned())).await.unwrap();
    let mut deployment = deployment(&server.url(), QUICK).await;
    deployment.kill();
    let log = deployment.start_with_log("warn");
    for _ in 0..50 {
        get_with(&deployment, &key("any")).await.problem(503, "authorization_unavailable");
    }
    server.until_requests(server.requests() + 3).await;
    assert!(deployment.terminate());
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
}

#[tokio::test]
async fn keys_that_are_too_old_are_used_no_more() {
    let known = key("known");
    let server = JwksServer::start(Behaviour::Serves(set(&[&known]))).await.unwrap();
    let deployment = deployment(&server.url(), &format!("{QUICK}\njwks_max_age = \"500ms\"")).await;
    get_with(&deployment, &known).await.problem(404, "chat_not_found");
    server.behave(Behaviour::Serves("broken".to_owned()));
    until(503, &deployment, &known).await;
    server.behave(Behaviour::Serves(set(&[&known])));
    until(404, &deployment, &known).await;
}

#[tokio::test]
async fn a_flood_of_unknown_keys_reaches_the_server_once() {
    let (known, forger) = (key("known"), key("forger"));
    let server = JwksServer::start(Behaviour::Serves(set(&[&known]))).await.unwrap();
    let deployment = deployment(&server.url(), "").await;
    get_with(&deployment, &known).await.problem(404, "chat_not_found");
    assert_eq!(server.requests(), 1);

    let enormous = "k".repeat(4_000);
    let strange = ["", "../../../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1/", &enormous];
    let ids = (0..200).map(|id| id.to_string()).chain(strange.map(str::to_owned));
    let tokens: Vec<_> = ids.map(|id| forger.sign_as(Some(&id), &claims()).unwrap()).collect();
    let answers = join_all(tokens.iter().map(|token| get(&deployment, token))).await;
    for answer in answers {
        answer.problem(401, "authentication_failed");
    }
    assert_eq!(server.requests(), 2);
    get_with(&deployment, &known).await.problem(404, "chat_not_found");
}

#[tokio::test]
async fn a_set_in_a_file_stands_beside_the_configuration() {
    let (old, new) = (key("old"), key("new"));
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let directory = deployment.directory.path();
    let file = directory.join("chats.toml");
    let issuer = format!(
        "[issuers.\"jwks.example.org\"]\naudiences = [\"school.example.org\"]\n\
         algorithm = \"ES256\"\njwks = \"keys/jwks.json\"\n{QUICK}\n"
    );
    fs::write(&file, fs::read_to_string(&file).unwrap() + &issuer).unwrap();
    fs::create_dir(directory.join("keys")).unwrap();
    fs::write(directory.join("keys/jwks.json"), set(&[&old])).unwrap();
    deployment.start();
    get_with(&deployment, &old).await.problem(404, "chat_not_found");
    fs::write(deployment.directory.path().join("keys/jwks.json"), set(&[&new])).unwrap();
    until(404, &deployment, &new).await;
    get_with(&deployment, &old).await.problem(401, "authentication_failed");
}

#[test]
fn what_cannot_be_used_stops_the_start_and_is_named() {
    let url = "jwks = \"https://hunter2.example.org/\"";
    for (settings, key) in [
        ("", "key"),
        ("key = \"issuer.key\"\njwks = \"hunter2\"", "jwks"),
        ("jwks = \"hunter2.json\"", "jwks"),
        ("jwks = \"empty.json\"", "jwks"),
        ("jwks = \"broken.json\"", "jwks"),
        ("jwks = \"http://hunter2.example.org/\"", "jwks"),
        ("jwks = \"https://user:hunter2@iam.example.org/\"", "jwks"),
        ("jwks = \"ftp://hunter2/\"", "jwks"),
        ("jwks = \"https://\"", "jwks"),
        (&format!("{url}\njwks_refresh = \"1s\""), "jwks_refresh"),
        (&format!("{url}\njwks_refresh = \"hunter2\""), "jwks_refresh"),
        (&format!("{url}\njwks_max_age = \"5m\""), "jwks_max_age"),
        (&format!("{url}\njwks_cooldown = \"0s\""), "jwks_cooldown"),
        (&format!("{url}\njwks_timeout = \"0s\""), "jwks_timeout"),
        ("key = \"issuer.key\"\njwks_cooldown = \"1s\"", "jwks_cooldown"),
        ("key = \"issuer.key\"\nleeway = \"301s\"", "leeway"),
        (&format!("{url}\nleeway = \"hunter2\""), "leeway"),
    ] {
        for algorithm in ["ES256", "HS256"] {
            let directory = tempfile::tempdir().unwrap();
            let file = format!(
                "[issuers.\"i.org\"]\naudiences = []\nalgorithm = \"{algorithm}\"\n{settings}"
            );
            fs::write(directory.path().join("chats.toml"), file).unwrap();
            fs::write(directory.path().join("empty.json"), r#"{"keys":[]}"#).unwrap();
            fs::write(directory.path().join("broken.json"), r#"{"keys":"hunter2"}"#).unwrap();
            let mut command = chats(directory.path());
            let said = refusal(command.args(["--http-listen", "127.0.0.1:0"]));
            let error = said.lines().find(|line| line.starts_with("error: ")).unwrap();
            assert!(!said.contains("hunter2"), "{said}");
            let is_named = error.contains(&format!("issuers.i.org.{key} "));
            // Whatever else is wrong, secrets do not come by URL.
            let is_of_secrets = algorithm == "HS256" && error.contains("issuers.i.org.jwks ");
            assert!(is_named || is_of_secrets, "{settings}: {error}");
            assert!(error.contains("chats.toml"), "{error}");
        }
    }
}
