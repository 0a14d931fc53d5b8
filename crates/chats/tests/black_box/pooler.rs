//! The service behind a PgBouncer that gives each transaction another connection.

use chats_testkit::postgres::{Cluster, Pooler, database_on};
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{Database, Deployment, Instance, until};

/// What is set behind such a pooler.
const NO_PREPARED_STATEMENTS: (&str, &str) = ("CHATS_DATABASE__PREPARED_STATEMENTS", "false");
const SETTINGS: [(&str, &str); 2] = [("CHATS_DATABASE__MIGRATE", "false"), NO_PREPARED_STATEMENTS];

/// How many connections the pooler has to the server. Each instance opens ten to the pooler.
const CONNECTIONS: u32 = 3;

const CHATS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_few_connections_and_outlive_the_pooler_and_the_server() {
    let cluster = Cluster::start().unwrap();
    let direct = database_on(&cluster.url()).await.unwrap();
    let mut pooler = Pooler::start(&direct, CONNECTIONS).unwrap();
    let mut one = Deployment::on(Database::PostgreSql).await;
    one.kill();
    one.database_url = Some(pooler.url());
    let mut migrate = one.command();
    migrate.envs(SETTINGS).args(["migrate", "--database-url", &direct]);
    assert!(migrate.status().unwrap().success());
    one.start_with(&SETTINGS);
    let other = Instance::of(&one, &SETTINGS);
    let before = make_and_read(&one, &other, "before").await;

    pooler.stop();
    one.create("meanwhile", None).await.problem(503, "database_unavailable");
    pooler.start_again().unwrap();
    let between = make_and_read(&one, &other, "between").await;

    cluster.stop().unwrap();
    one.create("meanwhile", None).await.problem(503, "database_unavailable");
    cluster.start_again().unwrap();
    // The pooler pauses before it tries again to connect.
    until(async || one.create("meanwhile", None).await.status == 201).await;
    until(async || other.read_by_scope("meanwhile").await.status == 200).await;
    let after = make_and_read(&one, &other, "after").await;

    for chat in [before, between, after].concat() {
        let id = chat["chat_id"].as_str().unwrap();
        assert_eq!(other.get(&format!("/api/v1/chats/{id}")).await.chat(200), chat);
    }
}

/// Makes chats with both instances at once, and reads each with the other one by both its keys.
async fn make_and_read(one: &Deployment, other: &Instance, name: &str) -> Vec<Value> {
    let make_and_read = async |number: usize| {
        let scope = format!("{name}-{number}");
        let by_id = |chat: &Value| format!("/api/v1/chats/{}", chat["chat_id"].as_str().unwrap());
        if number.is_multiple_of(2) {
            let chat = one.create(&scope, None).await.chat(201);
            assert_eq!(other.read_by_scope(&scope).await.chat(200), chat);
            assert_eq!(other.get(&by_id(&chat)).await.chat(200), chat);
            chat
        } else {
            let chat = other.create(&scope).await.chat(201);
            assert_eq!(one.read_by_scope(&scope).await.chat(200), chat);
            assert_eq!(one.get(&by_id(&chat)).await.chat(200), chat);
            chat
        }
    };
    join_all((0..CHATS).map(make_and_read)).await
}

#[tokio::test]
async fn nobody_migrates_through_it() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    // The flag would mean the server itself.
    let url = deployment.database_url.take().unwrap();
    let settings = [NO_PREPARED_STATEMENTS, ("CHATS_DATABASE__URL", &url)];
    for command in ["serve", "check", "migrate"] {
        let mut chats = deployment.command();
        let output = chats.envs(settings).arg(command).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("database.migrate") && said.contains("chats migrate"), "{said}");
    }
}
