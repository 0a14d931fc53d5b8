//! A tenant moves in: chats that have their rooms already are imported.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Output, Stdio};

use chats_testkit::postgres::{self, Cluster};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::support::{Database, Deployment, chats, until};

on_both_databases! {
    async fn an_imported_chat_reads_back_like_any_other(deployment) {
        let room = Uuid::new_v4().to_string();
        let line = json!({
            "audience": "school.example.org",
            "scope": "lesson-42",
            "event_room_id": room,
            "tags": {"class": "7b"},
            "created_at": 1_500_000_000,
            "owner": "nobody here",
        });
        let output = import(&deployment, &format!("{line}\n\n"));
        assert_eq!(said(&output), "imported: 1\nalready there: 0\nrefused: 0\n");
        assert!(output.status.success());

        let chat = deployment.read_by_scope("lesson-42").await.chat(200);
        assert_eq!(chat["real_time"], json!({"event_room_id": room}));
        assert_eq!(chat["tags"], json!({"class": "7b"}));
        assert_eq!(chat["created_at"], 1_500_000_000);
        let path = format!("/api/v1/chats/{}", chat["chat_id"].as_str().unwrap());
        assert_eq!(deployment.get(&path).await.chat(200), chat);

        // It has its key and its room for the API, too.
        assert_eq!(deployment.convert("lesson-42", &room).await.status, 409);
        assert_eq!(deployment.create("lesson-42", Some(json!({}))).await.status, 409);
    }

    async fn the_same_file_again_changes_nothing(deployment) {
        let file = lines(0..1_500);
        assert_eq!(said(&import(&deployment, &file)), "imported: 1500\nalready there: 0\nrefused: 0\n");
        let chat = deployment.read_by_scope("lesson-1499").await.chat(200);
        let again = import(&deployment, &file);
        assert_eq!(said(&again), "imported: 0\nalready there: 1500\nrefused: 0\n");
        assert!(again.status.success());
        assert_eq!(deployment.read_by_scope("lesson-1499").await.chat(200), chat);
    }

    async fn each_line_that_is_refused_is_told_and_the_others_are_imported(deployment) {
        let cut = json!({"fault": "cut", "when": "before_work", "times": 100});
        deployment.fault(&cut).await;
        let opening = deployment.create("opening", None).await;
        opening.problem(503, "event_service_unavailable");
        let room = Uuid::new_v4();
        let first = line("lesson-1", room);
        let other_room = line("lesson-1", Uuid::new_v4());
        let file = [
            first.clone(),
            "{".to_owned(),
            line("", Uuid::new_v4()),
            line("lesson-2", room),
            other_room,
            line("opening", Uuid::new_v4()),
            format!("{{\"x\":\"{}\"}}", "x".repeat(64 * 1024)),
            first,
            line("lesson-3", Uuid::new_v4()),
        ];
        let output = import(&deployment, &file.join("\n"));
        assert_eq!(output.status.code(), Some(3));
        let sums = "\
            imported: 2\n\
            already there: 1\n\
            refused: 6\n\
            \x20 not a chat: 3\n\
            \x20 the chat with this key says something else: 1\n\
            \x20 the chat with this key is still being opened: 1\n\
            \x20 the event room carries another chat: 1\n";
        assert_eq!(said(&output), sums);
        let complaints = String::from_utf8(output.stderr).unwrap();
        let expected = [
            "line 2: EOF",
            "line 3: 'scope' ",
            "line 4: the event room carries another chat",
            "line 5: the chat ",
            "line 6: the chat ",
            "line 7: it is longer than 64 KiB",
        ];
        let complaints: Vec<_> = complaints.lines().filter(|it| it.starts_with("line ")).collect();
        assert_eq!(complaints.len(), expected.len(), "{complaints:?}");
        for (complaint, expected) in complaints.iter().zip(expected) {
            assert!(complaint.starts_with(expected), "{complaint}");
        }
        deployment.read_by_scope("lesson-3").await.chat(200);
    }

    async fn an_import_that_was_killed_is_finished_by_another(deployment) {
        let file = lines(0..4_000);
        let half = &file[..file.match_indices('\n').nth(2_499).unwrap().0];
        let mut killed = spawn(&deployment);
        // The rest is not sent: it waits for that, in the middle of its work.
        let mut stdin = killed.stdin.take().unwrap();
        stdin.write_all(half.as_bytes()).unwrap();
        until_there(&deployment, "lesson-999").await;
        killed.kill().unwrap();
        killed.wait().unwrap();
        drop(stdin);
        let before = deployment.read_by_scope("lesson-0").await.chat(200);
        assert_eq!(deployment.read_by_scope("lesson-3999").await.status, 404);

        let output = import(&deployment, &file);
        assert!(output.status.success());
        let there = said(&output);
        let count = |name: &str| -> u32 {
            let line = there.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.parse().unwrap()
        };
        assert!(count("already there: ") >= 1_000, "{there}");
        assert_eq!(count("already there: ") + count("imported: "), 4_000);
        assert_eq!(deployment.read_by_scope("lesson-0").await.chat(200), before);
        assert_eq!(said(&import(&deployment, &file)), "imported: 0\nalready there: 4000\nrefused: 0\n");
    }

    async fn two_imports_of_one_file_at_once_make_each_chat_once(deployment) {
        let file = lines(0..3_000);
        let imports = [spawn(&deployment), spawn(&deployment)].map(|mut import| {
            let (file, mut stdin) = (file.clone(), import.stdin.take().unwrap());
            std::thread::spawn(move || stdin.write_all(file.as_bytes()).unwrap());
            import
        });
        let mut sums = (0, 0);
        for import in imports {
            let output = import.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let numbers: Vec<u32> = said(&output)
                .lines()
                .map(|line| line.rsplit_once(": ").unwrap().1.parse().unwrap())
                .collect();
            sums = (sums.0 + numbers[0], sums.1 + numbers[1]);
        }
        assert_eq!(sums, (3_000, 3_000));
    }

    async fn lines_that_are_refused_can_go_to_a_file(deployment) {
        let file = [line("", Uuid::new_v4()), "[]".to_owned()].join("\n");
        let path = deployment.directory.path().join("chats.ndjson");
        fs::write(&path, file).unwrap();
        let import_with_rejects = |rejects| {
            let mut command = deployment.command();
            command.args(["import", "chats.ndjson", "--rejects", rejects]).output().unwrap()
        };
        let output = import_with_rejects("rejects.ndjson");
        assert_eq!(output.status.code(), Some(3));
        let rejects = fs::read_to_string(deployment.directory.path().join("rejects.ndjson")).unwrap();
        let rejects: Vec<Value> =
            rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&rejects[0]["line"], &rejects[1]["line"]), (&json!(1), &json!(2)));
        assert_eq!(rejects[0]["audience"], "school.example.org");
        assert_eq!(rejects[0]["scope"], "");
        assert_eq!(rejects[1], json!({"line": 2, "reason": "it is not a JSON object"}));
        assert!(!String::from_utf8(output.stderr).unwrap().contains("line 1"));

        // The file of chats least of all is overwritten.
        let before = fs::read(&path).unwrap();
        assert_eq!(import_with_rejects("chats.ndjson").status.code(), Some(1));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    async fn a_file_that_a_tenant_made_brings_no_chats_of_others(deployment) {
        let ours = line("lesson-1", Uuid::new_v4());
        let theirs = line("lesson-2", Uuid::new_v4()).replace("school", "other");
        let mut command = deployment.command();
        command.args(["import", "--audience", "school.example.org"]);
        let output = fed(spawned(command), &format!("{ours}\n{theirs}\n"));
        assert_eq!(output.status.code(), Some(3));
        let told = "imported: 1\nalready there: 0\nrefused: 1\n  a chat of another audience: 1\n";
        assert_eq!(said(&output), told);
        assert!(String::from_utf8(output.stderr).unwrap().contains("line 2: 'audience' is another"));
        deployment.read_by_scope("lesson-1").await.chat(200);
    }

    async fn a_dry_run_reads_and_changes_nothing(deployment) {
        let file = format!("{}\n[]\n", line("lesson-1", Uuid::new_v4()));
        let mut command = deployment.command();
        command.args(["import", "--dry-run"]);
        let output = fed(spawned(command), &file);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(said(&output), "valid: 1\nrefused: 1\n  not a chat: 1\n");
        assert_eq!(deployment.read_by_scope("lesson-1").await.status, 404);
    }
}

#[tokio::test]
async fn a_database_that_is_not_up_to_date_is_named() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let mut command = deployment.command();
    command.env("CHATS_DATABASE__MIGRATE", "false");
    command.args(["--database-url", "sqlite:another.sqlite", "import"]);
    let output = fed(spawned(command), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("run 'chats migrate'"));
}

#[tokio::test]
async fn an_import_says_where_it_goes_and_leaves_nothing_beside() {
    let directory = tempfile::tempdir().unwrap();
    let url = postgres::database().await.unwrap();
    let mut command = chats(directory.path());
    command.args(["--database-url", &url, "import"]);
    let mut import = spawned(command);
    let mut said = BufReader::new(import.stderr.take().unwrap()).lines().map(Result::unwrap);
    let name = url.rsplit('/').next().unwrap();
    // It has no line yet.
    assert!(
        said.any(|line| line.starts_with("importing into postgres://") && line.ends_with(name))
    );
    assert!(import.wait_with_output().unwrap().status.success());
    // Nobody but who signs tokens needs a key, and none is made.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_import_outlasts_an_outage_of_the_database() {
    let cluster = spawn_blocking(Cluster::start).await.unwrap().unwrap();
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.database_url = Some(cluster.url());
    deployment.start();
    let file = lines(0..4_000);
    let (first, rest) = file.split_at(file.match_indices('\n').nth(999).unwrap().0 + 1);
    let mut import = spawn(&deployment);
    import.stdin.as_mut().unwrap().write_all(first.as_bytes()).unwrap();
    until_there(&deployment, "lesson-999").await;

    cluster.kill().unwrap();
    let rest = rest.to_owned();
    let output = spawn_blocking(move || fed(import, &rest));
    cluster.start_again().unwrap();
    let output = output.await.unwrap();
    assert_eq!(said(&output), "imported: 4000\nalready there: 0\nrefused: 0\n", "{output:?}");
    until_there(&deployment, "lesson-3999").await;
}

/// Reads a chat again and again, until it is there.
async fn until_there(deployment: &Deployment, scope: &str) {
    until(async || deployment.read_by_scope(scope).await.status == 200).await;
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| line(&format!("lesson-{n}"), Uuid::new_v4()) + "\n").collect()
}

fn line(scope: &str, room: Uuid) -> String {
    let line = json!({
        "audience": "school.example.org",
        "scope": scope,
        "event_room_id": room.to_string(),
        "created_at": 1_500_000_000,
    });
    line.to_string()
}

/// Imports a file that comes by standard input.
fn import(deployment: &Deployment, file: &str) -> Output {
    fed(spawn(deployment), file)
}

fn spawn(deployment: &Deployment) -> Child {
    let mut command = deployment.command();
    command.args(["import", "-"]);
    spawned(command)
}

fn spawned(mut command: std::process::Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn fed(mut import: Child, file: &str) -> Output {
    let mut stdin = import.stdin.take().unwrap();
    // One that ended early reads no more of it.
    let _ = stdin.write_all(file.as_bytes());
    drop(stdin);
    import.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
