//! The service with a replica of its database.

use chats_testkit::postgres::{Pair, free_port};
use serde_json::{Value, json};

use crate::support::{Database, Deployment, Instance, until};

const REPLICA: &str = "CHATS_DATABASE__REPLICA_URL";
const NO_CACHE: (&str, &str) = ("CHATS_CACHE__CHATS", "0");

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_reads_back_at_once_and_from_the_standby_once_it_is_there() {
    let pair = Pair::start().unwrap();
    let (mut one, replica) = (Deployment::on(Database::PostgreSql).await, pair.standby_url());
    one.kill();
    one.database_url = Some(pair.url());
    let settings = [(REPLICA, replica.as_str()), NO_CACHE];
    one.start_with(&settings);
    let other = Instance::of(&one, &settings);

    pair.pause_replay().unwrap();
    let chat = other.create("lesson-42").await.chat(201);
    // A standby that is slow on a busy machine is left alone for a while.
    until(async || {
        read_by_both_keys(&one, &chat).await;
        reads(&one, "passed_on").await > 0
    })
    .await;
    assert_eq!(reads(&one, "answered").await, 0);

    pair.resume_replay().unwrap();
    until(async || {
        read_by_both_keys(&one, &chat).await;
        reads(&one, "answered").await > 0
    })
    .await;

    pair.kill_primary().unwrap();
    until(async || one.read_by_scope("lesson-42").await.status == 200).await;
    read_by_both_keys(&one, &chat).await;
    // So load balancers send them here.
    until(async || {
        let ready = one.ask("/readyz").await;
        let told = ready.json();
        let looks = ["database", "replica"].map(|it| told[it].as_str().unwrap());
        ready.status == 200 && looks == ["unreachable", "ready"]
    })
    .await;
    one.read_by_scope("nobodys").await.problem(503, "database_unavailable");
    other.create("lesson-43").await.problem(503, "database_unavailable");
}

#[tokio::test]
async fn a_replica_that_is_not_there_is_done_without() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    deployment.kill();
    let nobody = format!("postgres://me:hunter2@127.0.0.1:{}/chats", free_port().unwrap());
    deployment.start_with(&[(REPLICA, nobody.as_str()), NO_CACHE]);
    let chat = deployment.create("lesson-42", None).await.chat(201);
    read_by_both_keys(&deployment, &chat).await;
    assert!(reads(&deployment, "failed").await >= 1);
    let ready = deployment.ask("/readyz").await;
    assert_eq!((ready.status, &ready.json()["replica"]), (200, &json!("unreachable")));

    let check = deployment.command().env(REPLICA, &nobody).arg("check").output().unwrap();
    let said = String::from_utf8([check.stdout, check.stderr].concat()).unwrap();
    assert!(!check.status.success() && !said.contains("hunter2"), "{said}");
    assert!(said.contains("wrong    database.replica_url"), "{said}");
}

#[tokio::test]
async fn a_replica_goes_with_postgresql_alone() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let serve = deployment.command().env(REPLICA, "postgres://db/chats").arg("serve").output();
    let why = String::from_utf8(serve.unwrap().stderr).unwrap();
    assert!(why.contains("database.replica_url (from the environment variable"), "{why}");
    assert!(why.contains("an SQLite database has no replica"), "{why}");
}

/// Reads a chat that has to be there.
async fn read_by_both_keys(deployment: &Deployment, chat: &Value) {
    let [scope, id] = ["scope", "chat_id"].map(|name| chat[name].as_str().unwrap());
    let by_id = deployment.get(&format!("/api/v1/chats/{id}")).await;
    assert_eq!(by_id.chat(200), *chat);
    assert_eq!(deployment.read_by_scope(scope).await.chat(200), *chat);
}

/// How many reads came to this at the replica.
async fn reads(deployment: &Deployment, result: &str) -> u64 {
    let metrics = deployment.ask("/metrics").await.text;
    let begin = format!("chats_replica_reads_total{{result=\"{result}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&begin));
    line.unwrap().parse().unwrap()
}
