//! What a newcomer meets: the embedded default, with nothing configured.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Answer, Process, chats, refusal};

const ACCOUNT: [&str; 2] = ["--account", "tutor.demo.example.org"];

#[test]
fn the_commands_that_it_prints_create_read_and_convert_a_chat() {
    let directory = tempfile::tempdir().unwrap();
    let (_service, said) = serve(directory.path());
    let (_, commands) = said.split_once("Paste these").unwrap();
    let commands: Vec<_> = commands.lines().filter(|line| line.starts_with("  ")).collect();

    let mut shell = Command::new("sh");
    shell.arg("-ec").arg(commands.join("\n")).env("NO_PROXY", "127.0.0.1");
    let output = shell.output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [created, read, converted, event] = &answers[..] else {
        panic!("{answers:?} {}", String::from_utf8_lossy(&output.stderr));
    };
    assert_eq!(created["scope"], "lesson-42");
    assert_eq!(read, created);
    let room = converted["real_time"]["event_room_id"].as_str().unwrap();
    assert_eq!(converted["scope"], format!("room-{room}"));
    assert_eq!(event["data"], json!({"text": "Hello"}));
}

#[tokio::test]
async fn chats_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (service, said) = serve(directory.path());
    let created = create(directory.path(), &said).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let ended = service.terminate();
    assert!(ended.status.success());

    let (_service, said) = serve(directory.path());
    let again = create(directory.path(), &said).await;
    assert_eq!((again.status, again.text), (200, created.text));
}

#[test]
fn a_token_is_printed_alone() {
    let directory = tempfile::tempdir().unwrap();
    let output = token(directory.path(), &ACCOUNT);
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let token = printed.strip_suffix('\n').unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(!token.contains(char::is_whitespace));
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn a_token_is_good_for_as_long_as_was_asked() {
    let directory = tempfile::tempdir().unwrap();
    let (_service, said) = serve(directory.path());
    let signed = token(directory.path(), &[&ACCOUNT[..], &["--expires-in", "60"]].concat());
    let signed = String::from_utf8(signed.stdout).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}/api/v1/chats/7", url_of(&said)));
    let answer = Answer::of(request.bearer_auth(signed.trim()).send().await.unwrap()).await;
    answer.problem(400, "invalid_parameter");

    let never = token(directory.path(), &[&ACCOUNT[..], &["--expires-in", "0"]].concat());
    assert!(!never.status.success());
}

#[test]
fn the_development_key_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("elsewhere");
    let output = chats(directory.path())
        .env("CHATS_DATA_DIR", &data_dir)
        .arg("token")
        .args(ACCOUNT)
        .output();
    assert!(output.unwrap().status.success());
    let mode = fs::metadata(data_dir.join("development.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_development_issuer_speaks_for_its_own_audience_alone() {
    let directory = tempfile::tempdir().unwrap();
    let output = token(directory.path(), &["--account", "tutor.school.example.org"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("demo.example.org"));
}

#[test]
fn nothing_is_open_to_other_machines() {
    for setting in ["CHATS_HTTP__LISTEN", "CHATS_EVENT__LISTEN"] {
        let directory = tempfile::tempdir().unwrap();
        let error = refusal(chats(directory.path()).env(setting, "0.0.0.0:0"));
        assert!(error.contains("loopback") && error.contains(setting), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made");
    }
}

#[test]
fn there_is_no_development_issuer_once_an_issuer_or_an_audience_is_configured() {
    for section in [
        "[issuers.\"iam.example.org\"]\naudiences = [\"a.org\"]\nalgorithm = \"HS256\"\nkey = \"k\"",
        "[audiences.\"a.org\"]\npolicy = \"none\"",
    ] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("chats.toml"), section).unwrap();
        fs::write(directory.path().join("k"), "a secret that is long enough to be one").unwrap();
        let output = token(directory.path(), &ACCOUNT);
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("development issuer"), "{error}");
    }
}

/// Starts the service on free ports. Returns all that it says once it is ready.
fn serve(directory: &Path) -> (Process, String) {
    let mut command = chats(directory);
    command.args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"]);
    Process::start(&mut command, "Ctrl-C ends it")
}

fn token(directory: &Path, arguments: &[&str]) -> Output {
    chats(directory).arg("token").args(arguments).output().unwrap()
}

async fn create(directory: &Path, said: &str) -> Answer {
    let signed = String::from_utf8(token(directory, &ACCOUNT).stdout).unwrap();
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/v1/chats", url_of(said)))
        .bearer_auth(signed.trim())
        .json(&json!({"audience": "demo.example.org", "scope": "lesson-42"}));
    Answer::of(request.send().await.unwrap()).await
}

fn url_of(said: &str) -> &str {
    said.split_once("is ready at ").unwrap().1.lines().next().unwrap()
}
