use chats_domain::ports::Cause;
use diesel::SqliteConnection;
use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::{Database, DieselStore, SetupError, on_either};
use crate::failure::Failure;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

impl DieselStore {
    /// Applies the migrations that the database has not seen, in order, and returns their names.
    ///
    /// Any number of instances may call this at once: one migrates, the others wait for it and find
    /// nothing to do. On PostgreSQL they wait for as long as it takes; on SQLite for the answer time-out
    /// of their settings.
    pub async fn migrate(&self) -> Result<Vec<String>, SetupError> {
        let applied = match &self.0 {
            Database::Postgres(postgres) => postgres.migrate(POSTGRES).await,
            Database::Sqlite(sqlite) => {
                let run = |connection: &mut SqliteConnection, migration: &dyn Migration<Sqlite>| {
                    connection.run_migration(migration).map(drop)
                };
                sqlite.exclusively(move |connection| apply(connection, SQLITE, run)).await
            }
        };
        applied.map_err(SetupError::NotMigrated)
    }

    /// The names of the migrations that the database has not seen, in order.
    ///
    /// This only reads, so it waits for no instance that migrates, and whoever may use the tables may
    /// ask.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, SetupError> {
        let seen = self.seen_versions().await;
        let seen = seen.map_err(|failure| SetupError::NotChecked(Box::new(failure)))?;
        let unseen = match &self.0 {
            Database::Postgres(_) => unseen::<Pg>(&POSTGRES, &seen),
            Database::Sqlite(_) => unseen::<Sqlite>(&SQLITE, &seen),
        };
        unseen.map_err(SetupError::NotChecked)
    }

    /// Diesel's own way to ask creates its table first, which not everyone may.
    async fn seen_versions(&self) -> Result<Vec<String>, Failure> {
        let has_table: Vec<bool> = match &self.0 {
            Database::Postgres(postgres) => postgres.look(sql::<Bool>(POSTGRES_HAS_TABLE)).await,
            Database::Sqlite(sqlite) => sqlite.look(sql::<Bool>(SQLITE_HAS_TABLE)).await,
        }?;
        if has_table == [false] {
            return Ok(Vec::new());
        }
        on_either!(self, look(sql::<Text>("SELECT version FROM __diesel_schema_migrations")))
    }
}

const POSTGRES_HAS_TABLE: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";
const SQLITE_HAS_TABLE: &str =
    "SELECT count(*) > 0 FROM sqlite_master WHERE name = '__diesel_schema_migrations'";

/// Applies those of the migrations that the database has not seen, in order, each as `run` does.
pub(crate) fn apply<DB: Backend, H: MigrationHarness<DB>>(
    database: &mut H,
    migrations: impl MigrationSource<DB>,
    run: impl Fn(&mut H, &dyn Migration<DB>) -> Result<(), Cause>,
) -> Result<Vec<String>, Cause> {
    let mut applied = Vec::new();
    for migration in database.pending_migrations(migrations)? {
        run(database, &migration)?;
        let name = migration.name().to_string();
        tracing::info!(migration = name, "applied a migration");
        applied.push(name);
    }
    Ok(applied)
}

fn unseen<DB: Backend>(
    migrations: &impl MigrationSource<DB>,
    seen: &[String],
) -> Result<Vec<String>, Cause> {
    let mut migrations = migrations.migrations()?;
    migrations.retain(|migration| !seen.contains(&migration.name().version().to_string()));
    Ok(migrations.iter().map(|migration| migration.name().to_string()).collect())
}
