//! Migrations run next to the service: one that has to wait keeps nobody else waiting for long.

use std::thread;
use std::time::Duration;

use chats_domain::ports::Cause;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_migrations::MigrationHarness;

use super::Postgres;
use super::exclusive::BlockingConnection;
use crate::migrations::apply;

/// How long a migration waits for a table, and everyone who comes after it waits behind it.
///
/// It is more than the second (`deadlock_timeout`) after which PostgreSQL stops an autovacuum that is in the
/// way.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause before it tries again, which doubles from try to try.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Postgres {
    /// Applies those of the migrations that the database has not seen, in order, and returns their names.
    pub(crate) async fn migrate(
        &self,
        migrations: impl MigrationSource<Pg> + Send + 'static,
    ) -> Result<Vec<String>, Cause> {
        let apply_all = |connection: &mut BlockingConnection| {
            connection.batch_execute("SET statement_timeout = 0")?;
            apply(connection, migrations, |connection, migration| {
                if migration.metadata().run_in_transaction() {
                    run_in_transaction(connection, migration)
                } else {
                    run_repeatably(connection, migration)
                }
            })
        };
        self.exclusively(apply_all).await
    }
}

/// Runs a migration again and again until it gets each lock in time.
fn run_in_transaction(
    connection: &mut BlockingConnection,
    migration: &dyn Migration<Pg>,
) -> Result<(), Cause> {
    let lock_timeout = format!("SET lock_timeout = '{}ms'", LOCK_TIMEOUT.as_millis());
    connection.batch_execute(&lock_timeout)?;
    let mut pause = SHORTEST_PAUSE;
    loop {
        match connection.run_migration(migration) {
            Err(error) if is_lock_timeout(&error) => {
                let name = migration.name().to_string();
                tracing::warn!(migration = name, ?pause, "a table is in use: trying again later");
                thread::sleep(pause);
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            result => return result.map(drop),
        }
    }
}

/// Runs a migration of one statement that takes no transaction, even if it was cut off before.
///
/// It waits as long as it takes: such statements let everyone else pass.
fn run_repeatably(
    connection: &mut BlockingConnection,
    migration: &dyn Migration<Pg>,
) -> Result<(), Cause> {
    connection.batch_execute("SET lock_timeout = 0")?;
    // An index whose build was cut off is left behind under its name, and is of no use.
    if let Some(index) = index_of(&migration.name().to_string()) {
        connection.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"))?;
    }
    connection.run_migration(migration).map(drop)
}

/// What a migration makes, by its name: `2026-11-22-000000_create_chat_scope_idx`.
fn index_of(name: &str) -> Option<&str> {
    let (_version, words) = name.split_once('_')?;
    words.strip_prefix("create_")
}

/// Diesel does not pass on the code, so this goes by the words. Where a server is set to speak another
/// language, the migration fails, and can be run again.
fn is_lock_timeout(error: &Cause) -> bool {
    error.to_string().contains("canceling statement due to lock timeout")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::num::NonZeroUsize;
    use std::time::Instant;

    use chats_testkit::postgres::database;
    use diesel_migrations::FileBasedMigrations;
    use tempfile::TempDir;
    use tokio::runtime::Handle;
    use tokio::task::{JoinSet, yield_now};
    use tokio::time::timeout;
    use tokio_postgres::{Client, NoTls};

    use super::*;
    use crate::database::{Database, DieselStore, PoolSettings};

    const TABLE: Step = Step {
        name: "2027-01-01-000000_create_lesson",
        up: "CREATE TABLE lesson (grade int)",
        is_in_transaction: true,
    };
    const COLUMN: Step = Step {
        name: "2027-01-02-000000_add_lesson_room",
        up: "ALTER TABLE lesson ADD COLUMN room text",
        is_in_transaction: true,
    };
    const INDEX: Step = Step {
        name: "2027-01-03-000000_create_lesson_grade_idx",
        up: "CREATE INDEX CONCURRENTLY lesson_grade_idx ON lesson (grade)",
        is_in_transaction: false,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn an_index_is_built_concurrently_while_other_instances_wait() {
        let url = database().await.unwrap();
        let mut instances = JoinSet::new();
        for _ in 0..10 {
            let instance = connected(&url).await;
            instances.spawn(async move { migrated(&instance, &[TABLE, INDEX]).await.unwrap() });
        }
        assert_eq!(instances.join_all().await.concat(), [TABLE.name, INDEX.name]);
        assert!(answer(&operator(&url).await, IS_VALID).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_index_whose_build_was_cut_off_is_built_anew() {
        let url = database().await.unwrap();
        let instance = connected(&url).await;
        migrated(&instance, &[TABLE]).await.unwrap();
        let (mut writer, operator) = (operator(&url).await, operator(&url).await);
        let old = writer.transaction().await.unwrap();
        old.batch_execute("INSERT INTO lesson VALUES (7)").await.unwrap();

        let building = tokio::spawn(async move { migrated(&instance, &[TABLE, INDEX]).await });
        until(&operator, WAITS).await;
        let cut_off = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        operator.batch_execute(cut_off).await.unwrap();
        assert!(building.await.unwrap().is_err());
        assert!(!answer(&operator, IS_VALID).await);

        old.commit().await.unwrap();
        let instance = connected(&url).await;
        assert_eq!(migrated(&instance, &[TABLE, INDEX]).await.unwrap(), [INDEX.name]);
        assert!(answer(&operator, IS_VALID).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_index_is_built_however_impatient_the_role_is() {
        let url = database().await.unwrap();
        let (mut writer, operator) = (operator(&url).await, operator(&url).await);
        migrated(&connected(&url).await, &[TABLE]).await.unwrap();
        let name = url.rsplit('/').next().unwrap();
        for setting in ["statement_timeout", "lock_timeout"] {
            let impatient = format!("ALTER DATABASE {name} SET {setting} = '500ms'");
            operator.batch_execute(&impatient).await.unwrap();
        }
        let old = writer.transaction().await.unwrap();
        old.batch_execute("INSERT INTO lesson VALUES (7)").await.unwrap();

        let instance = connected(&url).await;
        let building = tokio::spawn(async move { migrated(&instance, &[TABLE, INDEX]).await });
        let waits_for_long = format!("{WAITS} AND query_start < clock_timestamp() - interval '1s'");
        until(&operator, &waits_for_long).await;
        old.commit().await.unwrap();
        assert_eq!(building.await.unwrap().unwrap(), [INDEX.name]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_reads_a_table_that_a_migration_waits_for_is_not_held_up_for_long() {
        let url = database().await.unwrap();
        let instance = connected(&url).await;
        migrated(&instance, &[TABLE]).await.unwrap();
        let (mut backup, operator) = (operator(&url).await, operator(&url).await);
        let long = backup.transaction().await.unwrap();
        long.batch_execute("SELECT FROM lesson").await.unwrap();

        let migrating = tokio::spawn(async move { migrated(&instance, &[TABLE, COLUMN]).await });
        until(&operator, WAITS).await;
        let start = Instant::now();
        let read = operator.batch_execute("SELECT FROM lesson");
        timeout(Duration::from_secs(30), read).await.unwrap().unwrap();
        assert!(start.elapsed() < ANSWER_TIMEOUT, "{:?}", start.elapsed());
        assert!(!migrating.is_finished());

        long.commit().await.unwrap();
        assert_eq!(migrating.await.unwrap().unwrap(), [COLUMN.name]);
    }

    /// How long the service waits for an answer.
    const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

    /// Whether somebody waits for a lock.
    const WAITS: &str = "SELECT count(*) = 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    const IS_VALID: &str =
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'lesson_grade_idx'::regclass";

    /// A migration, as its files say it.
    struct Step {
        name: &'static str,
        up: &'static str,
        is_in_transaction: bool,
    }

    async fn migrated(instance: &Postgres, steps: &[Step]) -> Result<Vec<String>, Cause> {
        let folder = TempDir::new().unwrap();
        for Step { name, up, is_in_transaction } in steps {
            let step = folder.path().join(name);
            fs::create_dir(&step).unwrap();
            fs::write(step.join("up.sql"), up).unwrap();
            let metadata = format!("run_in_transaction = {is_in_transaction}");
            fs::write(step.join("metadata.toml"), metadata).unwrap();
        }
        instance.migrate(FileBasedMigrations::from_path(&folder).unwrap()).await
    }

    async fn connected(url: &str) -> Postgres {
        let settings = PoolSettings {
            max_connections: NonZeroUsize::new(2).unwrap(),
            acquire_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
        };
        let url = url.parse().unwrap();
        match DieselStore::connect(&url, settings, Handle::current()).await.unwrap().0 {
            Database::Postgres(postgres) => postgres,
            Database::Sqlite(_) => panic!("{url} is not of PostgreSQL"),
        }
    }

    async fn operator(url: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn answer(operator: &Client, question: &str) -> bool {
        operator.query_one(question, &[]).await.unwrap().get(0)
    }

    /// Asks until the answer is yes.
    async fn until(operator: &Client, question: &str) {
        let yes = async {
            while !answer(operator, question).await {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(30), yes).await.unwrap();
    }
}
