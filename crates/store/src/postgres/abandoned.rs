//! Connections that nobody uses any more, though the server may still do something for them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Cause;
use futures_util::future::{Either, select};
use tokio::time::{sleep, timeout};

use super::cancel::cancel;
use super::connection::Connection;
use super::connector::{Connector, How};
use super::pool::Pooled;

/// The pause before the statement is cancelled that comes after one that was.
const BETWEEN_CANCELS: Duration = Duration::from_millis(25);

impl Connector {
    /// Has the server stop what it does for a connection, and closes it: else a statement that waits for a lock
    /// would take up a connection of the server for as long as that is held. It must not commit anything.
    ///
    /// It is closed last: a pooler knows no longer what to cancel for whom it has lost. And what was sent after
    /// the statement is cancelled, too, once it runs.
    pub(super) fn give_up(&self, connection: &Connection) {
        let how = Arc::clone(&self.how);
        let (token, driver, number) =
            (connection.cancel_token(), connection.driver(), connection.server());
        self.runtime().spawn(async move {
            let server = &how.servers[number];
            let cancelled = async {
                while !driver.is_finished() {
                    cancel(&token, server, how.tls_of(server)).await?;
                    sleep(BETWEEN_CANCELS).await;
                }
                Ok::<_, Cause>(())
            };
            match timeout(how.timeout, cancelled).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a statement could not be cancelled"),
                Err(elapsed) => tracing::debug!(%elapsed, "a statement could not be cancelled"),
            }
            driver.abort();
        });
    }

    /// Closes a connection once the server has done what it was sent. Nothing is cancelled: a commit that waits for
    /// a standby would end its waiting, and be seen by all though no standby has it.
    ///
    /// It makes room for another in the pool, for its server may be gone; but only so many do. With more, what waits
    /// for long would take up all connections of the server.
    pub(super) fn leave(&self, connection: Pooled) {
        let how = Arc::clone(&self.how);
        self.runtime().spawn(async move {
            if let Ok(_room) = how.room_beside_pool.try_acquire() {
                how.outlast(&Pooled::take(connection)).await;
            } else {
                how.outlast(&connection).await;
                drop(Pooled::take(connection));
            }
        });
    }
}

impl How {
    /// Returns once the server has nothing to do for a connection any more, or it is closed, as it is at the end.
    async fn outlast(&self, connection: &Connection) {
        // The server gives one answer after the other: this is the last.
        let answered = pin!(connection.batch_execute(""));
        if let Either::Right(_) = select(answered, pin!(self.is_closing.cancelled())).await {
            connection.driver().abort();
        }
    }
}
