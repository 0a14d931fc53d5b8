//! `chats check`: all that is wrong, in one go.

mod warnings;

use std::fs;
use std::path::Path;

use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use tempfile::TempDir;

use crate::support::{Database, Deployment, chats, write_secret};

const SECRET: &str = "hunter2 hunter2 hunter2 hunter2 hunter2";

/// What a check said, a line each, and whether it found nothing wrong.
struct Said {
    lines: Vec<String>,
    is_well: bool,
}

impl Said {
    fn of(directory: &Path, arguments: &[&str]) -> Self {
        let output = chats(directory).arg("check").args(arguments).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("hunter2") && !error.contains("hunter2"), "{said}{error}");
        assert_eq!(error.is_empty(), output.status.success(), "{said}{error}");
        Self { lines: said.lines().map(str::to_owned).collect(), is_well: output.status.success() }
    }

    /// The one line with this beginning, behind its status.
    #[track_caller]
    fn line(&self, status: &str, begin: &str) -> &str {
        let begin = format!("{status:<9}{begin}");
        let mut lines = self.lines.iter().filter(|line| line.starts_with(&begin));
        let line = lines.next().unwrap_or_else(|| panic!("no {begin:?} in {:#?}", self.lines));
        assert!(lines.next().is_none(), "{begin:?} twice in {:#?}", self.lines);
        line
    }

    fn count(&self, status: &str) -> usize {
        self.lines.iter().filter(|line| line.starts_with(status)).count()
    }
}

fn directory_with(configuration: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("chats.toml"), configuration).unwrap();
    write_secret(directory.path().join("secret"), SECRET);
    directory
}

/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";

#[test]
fn of_what_is_wrong_everything_is_told_at_once() {
    let directory = directory_with(
        r#"
        colour = "hunter2"
        [http]
        deadline = "hunter2"
        keep_alive = "1ms"
        client_timeout = "1ms"
        [http.tls]
        certificate = "no.pem"
        key = "no.pem"
        [log]
        filter = "inof"
        [database]
        url = "mysql://chats:hunter2@db/chats"
        [event]
        url = "ftp://event"
        room_kind = "hunter2"
        [recovery]
        lease = "1s"
        interval = "0s"
        [identity]
        account = "chats.svc.example.org"
        issuer = "svc.example.org"
        algorithm = "ES256"
        key = "secret"
        [issuers."no-file.example.org"]
        audiences = ["a.example.org"]
        algorithm = "ES256"
        key = "no.pem"
        [issuers."no-key.example.org"]
        audiences = ["a.example.org"]
        algorithm = "ES256"
        key = "secret"
        [issuers."no-algorithm.example.org"]
        audiences = ["a.example.org"]
        algorithm = "none"
        key = "secret"
        [issuers."no-set.example.org"]
        audiences = ["a.example.org"]
        algorithm = "ES256"
        jwks = "secret"
        [issuers."good.example.org"]
        audiences = ["a.example.org"]
        algorithm = "HS256"
        key = "secret"
        [audiences."a.example.org"]
        policy = "localwhitelist"
        records = [
            { account = "tutor.a.example.org", object = ["classrooms"], action = "create" },
            { account = "tutor.a.example.org", object = ["rooms"], action = "create" },
            { account = "tutor.a.example.org", object = ["classrooms"], action = "delete" },
        ]
        [audiences."b.example.org"]
        policy = "local"
        trusted = ["hunter2"]
        [audiences."c.example.org"]
        policy = "none"
        trusted = []
        uri = "https://c.example.org"
        "#,
    );
    let said = Said::of(directory.path(), &["--offline"]);
    assert!(!said.is_well);
    for setting in [
        "colour",
        "http.deadline",
        "http.keep_alive",
        "http.client_timeout",
        "http.tls.certificate",
        "log.filter",
        "database.url",
        "event.url",
        "event.room_kind",
        "recovery.lease",
        "recovery.interval",
        "identity.key",
        "issuers.no-file.example.org.key",
        "issuers.no-key.example.org.key",
        "issuers.no-algorithm.example.org.algorithm",
        "issuers.no-set.example.org.jwks",
        "audiences.b.example.org.trusted.0",
        "audiences.c.example.org.trusted",
        "audiences.c.example.org.uri",
    ] {
        let line = said.line("wrong", &format!("{setting} (from "));
        assert!(line.contains("chats.toml"), "{line}");
    }
    let records = said.line("wrong", "audiences.a.example.org.records (from ");
    assert!(records.contains("record 2 ") && records.contains("record 3 "), "{records}");
    assert_eq!(said.count("wrong"), 20, "{:#?}", said.lines);
    said.line("ok", "issuers.good.example.org: ");
}

#[test]
fn what_is_well_is_told_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let said = Said::of(directory.path(), &[]);
    assert!(said.is_well, "{:#?}", said.lines);
    said.line("ok", "settings: no file");
    said.line("ok", "tenants: demo.example.org, ");
    let database = said.line("ok", "database: ");
    assert!(database.contains("not there yet"), "{database}");
    assert_eq!(said.lines.last().unwrap(), "Nothing is wrong. Warnings: 0");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_cannot_be_read_is_the_only_finding() {
    let directory = directory_with("[database]\nurl = postgres://chats:hunter2@db/chats");
    let said = Said::of(directory.path(), &[]);
    assert!(!said.is_well);
    assert_eq!(said.lines.len(), 1, "{:#?}", said.lines);
    assert!(said.lines[0].contains("chats.toml") && said.lines[0].contains("line 2"));
}

#[tokio::test]
async fn what_serves_is_found_well_with_all_that_it_stands_on() {
    for database in [Database::Sqlite, Database::PostgreSql] {
        let deployment = Deployment::on(database).await;
        let output = deployment.command().arg("check").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("is up to date"), "{said}");
        assert!(said.contains("answers, and takes our tokens"), "{said}");
        assert!(said.contains("warning  audiences.open.example.org.policy: "), "{said}");
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_wrong_unless_nobody_looks() {
    let directory = directory_with(&format!(
        r#"
        [database]
        url = "postgres://chats:hunter2@{NOBODY},localhost:1/chats"
        [event]
        url = "http://{NOBODY}"
        [identity]
        account = "chats.svc.example.org"
        issuer = "svc.example.org"
        algorithm = "HS256"
        key = "secret"
        [issuers."i.example.org"]
        audiences = ["a.example.org"]
        algorithm = "ES256"
        jwks = "http://{NOBODY}/jwks.json"
        [audiences."a.example.org"]
        policy = "http"
        uri = "http://tenant.invalid/authz"
        "#
    ));
    let said = Said::of(directory.path(), &[]);
    assert!(!said.is_well);
    said.line("wrong", "issuers.i.example.org.jwks (from ");
    said.line("wrong", "event.url (from ");
    said.line("wrong", "audiences.a.example.org.uri (from ");
    let database = said.line("wrong", "the database: cannot connect to ");
    assert!(database.contains(&format!(" {NOBODY}: ")), "{database}");
    assert!(database.contains("; localhost:1: "), "{database}");
    assert_eq!(said.count("wrong"), 4, "{:#?}", said.lines);
    assert!(Said::of(directory.path(), &["--offline"]).is_well);
}

#[tokio::test]
async fn an_event_service_that_refuses_us_is_wrong() {
    let deployment = Deployment::on(Database::Sqlite).await;
    fs::write(deployment.directory.path().join("identity.key"), SECRET).unwrap();
    let output = deployment.command().arg("check").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    let refused = said.lines().find(|line| line.starts_with("wrong    event.url (from ")).unwrap();
    assert!(refused.contains("401"), "{refused}");
}

#[tokio::test]
async fn a_set_of_keys_is_fetched_once_and_looked_through() {
    let key = IssuerKey::generate(Some("good")).unwrap();
    let mut set = serde_json::to_value(jwks([&key])).unwrap();
    set["keys"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({"kty": "oct", "kid": "odd", "k": "AA"}));
    let server = JwksServer::start(Behaviour::Serves(set.to_string())).await.unwrap();
    let directory = directory_with(&format!(
        "[issuers.\"i.example.org\"]\naudiences = [\"a.example.org\"]\nalgorithm = \"ES256\"\n\
         jwks = \"{}\"\n[audiences.\"a.example.org\"]\npolicy = \"local\"\n\
         trusted = [\"tutor.a.example.org\", \"tutor.b.example.org\"]",
        server.url()
    ));
    let path = directory.path().to_owned();
    let said = tokio::task::spawn_blocking(move || Said::of(&path, &[])).await.unwrap();
    assert!(said.is_well, "{:#?}", said.lines);
    said.line("ok", "issuers.i.example.org: a set of one key");
    let odd = said.line("warning", "issuers.i.example.org: ");
    assert!(odd.contains("odd"), "{odd}");
    let strangers = said.line("warning", "audiences.a.example.org: ");
    assert!(strangers.contains("tutor.b.example.org") && !strangers.contains("tutor.a."));
    assert_eq!(server.requests(), 1);

    server.behave(Behaviour::Serves(r#"{"keys":[]}"#.to_owned()));
    let path = directory.path().to_owned();
    let said = tokio::task::spawn_blocking(move || Said::of(&path, &[])).await.unwrap();
    said.line("wrong", "issuers.i.example.org.jwks (from ");
}

#[test]
fn a_development_key_that_is_broken_is_named_by_check_and_by_serve() {
    let directory = directory_with("");
    fs::create_dir(directory.path().join("data")).unwrap();
    fs::write(directory.path().join("data/development.key"), "short").unwrap();
    let said = Said::of(directory.path(), &["--offline"]);
    let line = said.line("wrong", "");
    assert!(line.contains("data/development.key"), "{line}");
    let mut token = chats(directory.path());
    let output = token.args(["token", "--account", "tutor.demo.example.org"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("data/development.key"), "{error}");
}
