//! What stops the start, and what it says then.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Database, Deployment, Process, chats, refusal};

const SECRET: &str = "hunter2";

/// Tries to start with this file and these variables. Returns the one message that it ends with.
#[track_caller]
fn refused(file: &str, variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("chats.toml"), file).unwrap();
    let mut command = chats(directory.path());
    command.args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"]);
    one_message(&refusal(command.envs(variables.iter().copied())))
}

#[track_caller]
fn one_message(said: &str) -> String {
    assert_eq!(said.lines().count(), 1, "one message: {said}");
    assert!(said.starts_with("error: "), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    said.to_owned()
}

#[test]
fn an_unknown_key_is_named_with_its_source() {
    for (file, key) in [
        ("colour = \"hunter2\"", "colour"),
        ("[http]\nport = \"hunter2\"", "http.port"),
        ("[identity]\npassword = \"hunter2\"", "identity.password"),
        (
            "[audiences.\"a.example.org\"]\npolicy = \"none\"\nx = \"hunter2\"",
            "audiences.a.example.org.x",
        ),
    ] {
        let error = refused(file, &[]);
        assert!(error.contains(&format!(": {key} (from ")), "{error}");
        assert!(error.contains("chats.toml") && error.contains("unknown key"), "{error}");
    }
    let error = refused("", &[("CHATS_HTTP__PORT", SECRET)]);
    assert!(error.contains("http.port") && error.contains("CHATS_HTTP__PORT"), "{error}");
}

#[test]
fn a_bad_value_is_named_with_its_source_and_not_shown() {
    for (file, key) in [
        ("[http]\ndeadline = \"hunter2\"", "http.deadline"),
        ("[http]\nkeep_alive = \"0s\"", "http.keep_alive"),
        ("[http]\nkeep_alive = \"1 day\"", "http.keep_alive"),
        ("[http]\nclient_timeout = \"999ms\"", "http.client_timeout"),
        ("[http]\nmax_connections = 0", "http.max_connections"),
        ("[http]\ncors_origins = [\"https://hunter2/\"]", "http.cors_origins"),
        ("[http]\ncors_origins = [\"*\"]", "http.cors_origins"),
        ("[limits]\naccount = { requests = 0, per = \"1s\" }", "limits.account.requests"),
        ("[limits]\naccount = { requests = 1, per = \"0s\" }", "limits.account"),
        ("[limits]\naudience = { requests = 1, per = \"2 days\" }", "limits.audience"),
        ("[limits]\naudience = { requests = 1 }", "limits.audience.per"),
        ("[limits]\naudience = 50", "limits.audience"),
        ("[event]\nurl = \"hunter2\"", "event.url"),
        ("[event]\ntimeout = \"5 hunter2\"", "event.timeout"),
        ("[event]\nroom_kind = \"hunter2\"", "event.room_kind"),
        ("[database]\nurl = \"mysql://chats:hunter2@db/chats\"", "database.url"),
        ("[database]\nurl = \"postgres://chats:hunter2@db:port/chats\"", "database.url"),
        ("[database]\nmax_connections = \"hunter2\"", "database.max_connections"),
        ("[cache]\nchats = \"64 hunter2\"", "cache.chats"),
        ("[cache]\nchats = -1", "cache.chats"),
        ("[cache]\ntokens = -1", "cache.tokens"),
        ("[cache]\ntokens = \"64 hunter2\"", "cache.tokens"),
        ("[recovery]\nlease = \"1s\"", "recovery.lease"),
        ("[log]\nfilter = \"inof\"", "log.filter"),
        ("[log]\nfilter = \"info,chats_http=loud\"", "log.filter"),
        ("[recovery]\ninterval = \"0s\"", "recovery.interval"),
        ("[recovery]\nbackoff_max = \"1ms\"", "recovery.backoff_max"),
        ("[http]\ndeadline = \"1s\"", "http.deadline"),
        ("[event]\nconnect_timeout = \"1h\"", "event.connect_timeout"),
        ("[event]\nurl = \"http://chats:hunter2@event\"", "event.url"),
        ("[event]\nroom_kind = \"none\"", "event.room_kind"),
        ("[audiences.\"a.org\"]\npolicy = \"hunter2\"", "audiences.a.org.policy"),
        ("[audiences.\"a.org\"]\npolicy = \"local\"", "audiences.a.org.trusted"),
        ("[audiences.\"a.org\"]\npolicy = \"none\"\ntrusted = []", "audiences.a.org.trusted"),
        (
            "[audiences.\"a.org\"]\npolicy = \"local\"\ntrusted = [\"hunter2\"]",
            "audiences.a.org.trusted",
        ),
        ("[audiences.\"a b\"]\npolicy = \"none\"", "audiences.a b"),
        (
            "[issuers.\"i\"]\naudiences = []\nalgorithm = \"hunter2\"\nkey = \"k\"",
            "issuers.i.algorithm",
        ),
        ("[issuers.\"i\"]\naudiences = []\nkey = \"k\"", "issuers.i.algorithm"),
    ] {
        let error = refused(file, &[]);
        assert!(error.contains(&format!("configuration: {key}")), "{key}: {error}");
        assert!(error.contains("chats.toml"), "{error}");
    }
    let error = refused("", &[("CHATS_DATABASE__URL", "mysql://chats:hunter2@db/chats")]);
    assert!(error.contains("CHATS_DATABASE__URL"), "{error}");

    let directory = tempfile::tempdir().unwrap();
    let mut command = chats(directory.path());
    let error = one_message(&refusal(command.args(["--http-listen", SECRET])));
    assert!(error.contains("http.listen (from the flag --http-listen)"), "{error}");
}

#[test]
fn an_address_that_is_none_is_answered_with_one_that_is() {
    for address in ["9000", "localhost:9000", "127.0.0.1"] {
        for listener in ["http", "admin", "event"] {
            let directory = tempfile::tempdir().unwrap();
            let mut command = chats(directory.path());
            command.arg(format!("--{listener}-listen={address}"));
            let error = one_message(&refusal(&mut command));
            assert!(error.contains(&format!("{listener}.listen (from the flag")), "{error}");
            assert!(error.contains("such as 127.0.0.1:8080"), "{error}");
        }
    }
}

#[test]
fn whoever_writes_one_underscore_in_a_variable_is_told_of_two() {
    let error = refused("", &[("CHATS_HTTP_LISTEN", "127.0.0.1:0")]);
    assert!(error.contains("CHATS_HTTP_LISTEN") && error.contains("two underscores"), "{error}");
    for (file, variables) in [("http_listen = 7", &[][..]), ("", &[("CHATS_HTTP__PORT", "7")])] {
        let error = refused(file, variables);
        assert!(!error.contains("underscores"), "{error}");
    }
}

#[test]
fn text_that_looks_like_a_number_is_quoted_in_a_variable() {
    let identity = "[identity]\naccount = \"chats.svc.example.org\"\nissuer = \"7\"\n\
                    algorithm = \"HS256\"\nkey = \"nowhere\"";
    for number in ["7", "-7", "7.5", "true"] {
        let error = refused(identity, &[("CHATS_IDENTITY__ISSUER", number)]);
        assert!(error.contains("CHATS_IDENTITY__ISSUER") && error.contains("quotes"), "{error}");
    }
    let error = refused(identity, &[("CHATS_IDENTITY__ISSUER", "\"7\"")]);
    assert!(error.contains("identity.key"), "the issuer was taken: {error}");
}

#[test]
fn a_file_that_is_no_toml_is_named_and_not_shown() {
    let error = refused("[database]\nurl = postgres://chats:hunter2@db/chats", &[]);
    assert!(error.contains("configuration: chats.toml: ") && error.contains("line 2"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = one_message(&refusal(chats(directory.path()).args(["--config", "other.toml"])));
    assert!(error.contains("configuration: other.toml: "), "{error}");
}

#[test]
fn a_key_file_that_is_missing_or_holds_no_key_is_named() {
    let file = "[issuers.\"iam.example.org\"]\naudiences = []\nalgorithm = \"ES256\"\nkey = \"keys/k.pem\"";
    let error = refused(file, &[]);
    assert!(error.contains("issuers.iam.example.org.key"), "{error}");
    assert!(error.contains("keys/k.pem") && error.contains("chats.toml"), "{error}");

    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("k"), SECRET).unwrap();
    for algorithm in ["ES256", "RS256", "EdDSA", "HS256"] {
        let issuer = format!(
            "[issuers.\"iam.example.org\"]\naudiences = []\nalgorithm = \"{algorithm}\"\nkey = \"k\""
        );
        fs::write(directory.path().join("chats.toml"), issuer).unwrap();
        let error = one_message(&refusal(&mut chats(directory.path())));
        assert!(error.contains("issuers.iam.example.org.key"), "{error}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, other, key) in [
        ("--http-listen", "--event-listen", "http.listen"),
        ("--event-listen", "--http-listen", "event.listen"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut command = chats(directory.path());
        command.args([flag, &address, other, "127.0.0.1:0"]);
        let error = refusal(&mut command);
        assert!(error.contains(key) && error.contains(flag) && error.contains(&address), "{error}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_told_without_its_password() {
    let error =
        refused("", &[("CHATS_DATABASE__URL", "postgres://chats:hunter2@127.0.0.1:1/chats")]);
    assert!(error.contains("database"), "{error}");
}

#[test]
fn variables_that_kubernetes_adds_for_a_service_named_chats_are_no_settings() {
    let directory = tempfile::tempdir().unwrap();
    let output = chats(directory.path())
        .args(["token", "--account", "tutor.demo.example.org"])
        .envs([("CHATS_SERVICE_HOST", "10.0.0.1"), ("CHATS_SERVICE_PORT_HTTP", "80")])
        .envs([("CHATS_PORT", "tcp://10.0.0.1:80"), ("CHATS_PORT_80_TCP_ADDR", "10.0.0.1")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let error = refused("", &[("CHATS_PORTS", "80")]);
    assert!(error.contains("CHATS_PORTS"), "{error}");
}

#[test]
fn later_sources_win() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("chats.toml"), "data_dir = \"of-the-file\"").unwrap();
    let made = |name: &str| directory.path().join(name).join("development.key").exists();
    let token = || {
        let mut command = chats(directory.path());
        command.args(["token", "--account", "tutor.demo.example.org"]);
        command
    };
    assert!(token().output().unwrap().status.success());
    assert!(made("of-the-file"));
    let by_environment = token().env("CHATS_DATA_DIR", "of-the-environment").output().unwrap();
    assert!(by_environment.status.success() && made("of-the-environment"));
    let by_flag = token()
        .env("CHATS_DATA_DIR", "nowhere")
        .args(["--data-dir", "of-the-flag"])
        .output()
        .unwrap();
    assert!(by_flag.status.success() && made("of-the-flag") && !made("nowhere"));
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("etc");
    fs::create_dir(&folder).unwrap();
    let file = "data_dir = \"../var\"\n[database]\nurl = \"sqlite:../db/chats.sqlite\"";
    fs::write(folder.join("chats.toml"), file).unwrap();
    let mut command = chats(Path::new("/"));
    command.arg("--config").arg(folder.join("chats.toml")).arg("migrate");
    assert!(command.output().unwrap().status.success());
    assert!(directory.path().join("db/chats.sqlite").exists());
}

#[tokio::test]
async fn migrations_are_applied_once_by_command_or_at_the_start() {
    for database in [Database::Sqlite, Database::PostgreSql] {
        // It has migrated when it started.
        let deployment = Deployment::on(database).await;
        let output = deployment.command().arg("migrate").output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "The database is up to date.\n");
    }
}

#[test]
fn a_start_that_may_not_migrate_says_so_and_so_does_a_check() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = chats(directory.path());
    command
        .args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"])
        .env("CHATS_DATABASE__MIGRATE", "false");
    let error = refusal(&mut command);
    assert!(error.contains("chats migrate"), "{error}");

    let migrate = |args: &[&str]| {
        let output = chats(directory.path()).arg("migrate").args(args).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (is_up_to_date, said) = migrate(&["--check"]);
    assert!(!is_up_to_date && said.starts_with("pending "), "{said}");
    let (is_done, said) = migrate(&[]);
    assert!(is_done && said.starts_with("applied "), "{said}");
    assert_eq!(migrate(&["--check"]), (true, "The database is up to date.\n".to_owned()));
    let (process, _) = Process::start(&mut command, "tenants");
    drop(process);
}

#[tokio::test]
async fn a_key_that_others_may_read_is_told_of_once_at_the_start() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let key = deployment.directory.path().join("identity.key");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    let log = deployment.start_with_log("warn");
    assert!(deployment.terminate());
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(log.matches(r#""setting":"identity.key""#).count(), 1, "{log}");
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
}

#[tokio::test]
async fn what_passes_in_the_clear_is_told_once_at_the_start() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let configuration = deployment.directory.path().join("chats.toml");
    let changed = fs::read_to_string(&configuration).unwrap().replace("127.0.0.1:0", "0.0.0.0:0");
    fs::write(configuration, changed).unwrap();
    let log = deployment.start_with_log("warn");
    assert!(deployment.terminate());
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(log.matches(r#""setting":"http.listen""#).count(), 1, "{log}");
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
}
