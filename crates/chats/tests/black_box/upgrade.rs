//! The database is brought up to date under instances that serve from it, and by instances that start together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use chats_testkit::postgres;
use reqwest::StatusCode;
use tokio::task::spawn_blocking;
use tokio_postgres::{Client, NoTls};

use crate::support::{Database, Deployment, Load, Process, until, url_after};

/// How many requests there are at least before, during and after the upgrade.
const REQUESTS: usize = 40;

/// No request may take longer, whatever is done to the schema meanwhile.
const LONGEST: Duration = Duration::from_secs(2);

const INSTANCES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_migrated_while_instances_serve_from_it_and_no_request_fails() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    deployment.kill();
    let log = |number| deployment.directory.path().join(format!("{number}.log"));
    let [one, other] = [1, 2].map(|number| Instance::start(&deployment, &log(number)));
    // They use the schema as the first release does, and stand for it.
    let url = deployment.database_url.as_ref().unwrap();
    let (operator, mut vacuum) = (operator(url).await, operator(url).await);
    let later = go_back_to_the_first_migration(&operator).await;

    let load = Load::on(vec![one.url.clone(), other.url.clone()]);
    let more_is_answered = async || {
        let before = load.answered();
        until(async || load.answered() >= before + REQUESTS).await;
    };
    let upgrade = async {
        more_is_answered().await;
        // What a vacuum locks has the migration wait.
        let vacuum = vacuum.transaction().await.unwrap();
        let lock = "LOCK TABLE chat IN SHARE UPDATE EXCLUSIVE MODE";
        vacuum.batch_execute(lock).await.unwrap();
        let mut migrate = deployment.command();
        let migrate = spawn_blocking(move || migrate.arg("migrate").output().unwrap());
        until(async || waits_for_a_lock(&operator).await).await;
        more_is_answered().await;
        vacuum.commit().await.unwrap();
        let migrated = migrate.await.unwrap();
        more_is_answered().await;
        load.end();
        migrated
    };
    let (chats, migrated) = tokio::join!(load.run(), upgrade);

    assert!(migrated.status.success());
    let said = String::from_utf8(migrated.stdout).unwrap();
    let applied = said.lines().filter_map(|line| line.strip_prefix("applied "));
    assert_eq!(applied.collect::<Vec<_>>(), later);
    assert!(load.slowest() < LONGEST, "{:?}", load.slowest());
    assert!(chats.iter().all(|chats| !chats.is_empty()));
    for chat in chats.iter().flatten() {
        assert_eq!(load.read(chat).await, *chat);
    }
    assert_eq!(deployment.rooms(None).await.len(), chats.concat().len());
    for instance in [&one, &other] {
        assert!(instance.is_ready().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_instances_that_start_together_on_postgresql_one_migrates_and_all_become_ready() {
    let url = postgres::database().await.unwrap();
    one_migrates_and_all_become_ready(url, &migrations("postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_instances_that_start_together_on_sqlite_one_migrates_and_all_become_ready() {
    let url = "sqlite:together.sqlite".to_owned();
    one_migrates_and_all_become_ready(url, &migrations("sqlite")).await;
}

async fn one_migrates_and_all_become_ready(database_url: String, migrations: &[PathBuf]) {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.database_url = Some(database_url);
    let logs: Vec<_> = (0..INSTANCES)
        .map(|number| deployment.directory.path().join(format!("{number}.log")))
        .collect();
    let instances: Vec<_> = thread::scope(|scope| {
        let starts = logs.iter().map(|log| scope.spawn(|| Instance::start(&deployment, log)));
        starts.collect::<Vec<_>>().into_iter().map(|start| start.join().unwrap()).collect()
    });
    for instance in &instances {
        assert!(instance.is_ready().await);
    }
    let said = logs.iter().map(|log| fs::read_to_string(log).unwrap()).collect::<String>();
    let applied = said.lines().filter(|line| line.contains("applied a migration"));
    assert_eq!(applied.clone().count(), migrations.len(), "{said}");
    for migration in migrations {
        assert!(applied.clone().any(|line| line.contains(&name(migration))), "{said}");
    }
}

/// One of several instances of a deployment.
struct Instance {
    _process: Process,
    url: String,
    admin_url: String,
}

impl Instance {
    fn start(deployment: &Deployment, log: &Path) -> Self {
        let mut command = deployment.command();
        command.env("CHATS_DATABASE__MAX_CONNECTIONS", "4");
        command.arg("serve").stderr(File::create(log).unwrap());
        let (process, said) = Process::start(&mut command, "tenants");
        Self {
            _process: process,
            url: url_after("is ready at ", &said),
            admin_url: url_after("operators ", &said),
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("{}/readyz", self.admin_url)).await.unwrap();
        answer.status() == StatusCode::OK
    }
}

/// Undoes all migrations but the first, and returns their names.
async fn go_back_to_the_first_migration(operator: &Client) -> Vec<String> {
    let migrations = migrations("postgres");
    let (_first, later) = migrations.split_first().unwrap();
    for migration in later.iter().rev() {
        let undo = fs::read_to_string(migration.join("down.sql")).unwrap();
        operator.batch_execute(&undo).await.unwrap();
    }
    let forget = "DELETE FROM __diesel_schema_migrations
        WHERE version <> (SELECT min(version) FROM __diesel_schema_migrations)";
    assert_eq!(operator.execute(forget, &[]).await.unwrap(), later.len() as u64);
    later.iter().map(|migration| name(migration)).collect()
}

/// The migrations of a database, in order.
fn migrations(database: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database);
    let mut migrations: Vec<_> =
        fs::read_dir(folder).unwrap().map(|migration| migration.unwrap().path()).collect();
    migrations.sort();
    migrations
}

fn name(migration: &Path) -> String {
    migration.file_name().unwrap().to_str().unwrap().to_owned()
}

async fn waits_for_a_lock(operator: &Client) -> bool {
    let question = "SELECT count(*) > 0 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ALTER TABLE%'";
    operator.query_one(question, &[]).await.unwrap().get(0)
}

async fn operator(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
