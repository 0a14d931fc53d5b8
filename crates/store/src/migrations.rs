use chats_domain::ports::Cause;
use diesel::backend::Backend;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::{Database, DieselStore, SetupError};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

impl DieselStore {
    /// Applies the migrations that the database has not seen, in order, and returns their names.
    ///
    /// Any number of instances may call this at once: one migrates, the others wait for it and find
    /// nothing to do.
    pub async fn migrate(&self) -> Result<Vec<String>, SetupError> {
        let applied = match &self.0 {
            Database::Postgres(postgres) => {
                postgres.exclusively(|connection| apply(connection, POSTGRES)).await
            }
            Database::Sqlite(sqlite) => {
                sqlite.exclusively(|connection| apply(connection, SQLITE)).await
            }
        };
        applied.map_err(SetupError::NotMigrated)
    }

    /// The names of the migrations that the database has not seen, in order.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, SetupError> {
        let pending = match &self.0 {
            Database::Postgres(postgres) => {
                postgres.exclusively(|connection| pending(connection, POSTGRES)).await
            }
            Database::Sqlite(sqlite) => {
                sqlite.exclusively(|connection| pending(connection, SQLITE)).await
            }
        };
        pending.map_err(SetupError::NotMigrated)
    }
}

fn apply<DB: Backend>(
    database: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, Cause> {
    let mut applied = Vec::new();
    for migration in database.pending_migrations(migrations)? {
        database.run_migration(&migration)?;
        let name = migration.name().to_string();
        tracing::info!(migration = name, "applied a migration");
        applied.push(name);
    }
    Ok(applied)
}

fn pending<DB: Backend>(
    database: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, Cause> {
    let pending = database.pending_migrations(migrations)?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}
