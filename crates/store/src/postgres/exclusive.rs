//! Work that one instance does at a time.

use std::time::Duration;

use chats_domain::ports::Cause;
use diesel::dsl::sql;
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use tokio::time::sleep;

use super::Postgres;
use super::read::Read;

/// A connection for code that blocks.
pub(super) type BlockingConnection = AsyncConnectionWrapper<AsyncPgConnection>;

/// The key of an advisory lock is any number; `426952979571` is "chats" in ASCII.
const TAKE_LOCK: &str = "SELECT pg_try_advisory_lock(426952979571)";

/// The pause before the lock is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

impl Postgres {
    /// Runs `work` on a connection of its own, while no other instance runs any such work, for which
    /// this waits as long as it takes.
    ///
    /// `work` may block.
    pub(super) async fn exclusively<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut BlockingConnection) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let connection = self.connector.establish().await?;
        // A statement that waited for the lock would have a snapshot, and whoever builds an index
        // concurrently waits until there is none that is older: each would wait for the other.
        if !takes_lock(&connection).await? {
            tracing::info!("another instance migrates the database: this one waits for it");
            while !takes_lock(&connection).await? {
                sleep(BETWEEN_TRIES).await;
            }
        }
        // The lock goes with the connection, at the latest.
        let locked_work = move || work(&mut BlockingConnection::from(connection));
        self.connector.runtime().spawn_blocking(locked_work).await?
    }
}

async fn takes_lock(connection: &AsyncPgConnection) -> QueryResult<bool> {
    let taken = Read::<bool>::read_on(sql::<Bool>(TAKE_LOCK), connection).await?;
    Ok(taken == [true])
}
