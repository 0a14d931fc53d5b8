use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, try_join_all};
use tokio::time::timeout;

use super::Postgres;
use super::change::Change;
use crate::failure::Failure;

/// How long a change may wait for a lock while others wait for it.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// Why changes were not carried out together.
pub(super) enum NotTogether {
    /// None of them was carried out. Each may be by itself.
    NotDone,
    /// There was no connection; or it failed at the begin or the end, and nobody knows whether they were carried out.
    Unavailable(Arc<Failure>),
}

impl Postgres {
    /// Carries out changes in one transaction, and returns how many rows each changed.
    ///
    /// They are sent at once, and committed once all have been answered.
    pub(super) async fn execute_together(
        &self,
        changes: &[&dyn Change],
    ) -> Result<Vec<usize>, NotTogether> {
        let unavailable = |failure| NotTogether::Unavailable(Arc::new(failure));
        let lent = self.lend_to_be_cancelled().await.map_err(unavailable)?;
        let (connection, _) = &*lent.connection;
        let begin = format!("BEGIN; SET LOCAL lock_timeout = {}", LOCK_TIMEOUT.as_millis());
        let sent = async {
            let all = changes.iter().map(|change| change.run_on(connection));
            join(connection.batch_execute(&begin), try_join_all(all)).await
        };
        let counts = match timeout(self.answer_timeout, sent).await {
            Ok((Ok(()), Ok(counts))) => counts,
            Ok((Ok(()), Err(error))) => {
                tracing::debug!(%error, "changes are carried out one by one");
                let rolled_back =
                    timeout(self.answer_timeout, connection.batch_execute("ROLLBACK")).await;
                // A connection that does not roll back is closed, which has the same effect.
                let _ = self.settle(lent, rolled_back);
                return Err(NotTogether::NotDone);
            }
            // What was sent after it may have been carried out without a transaction.
            Ok((Err(error), _)) => return self.settle(lent, Ok(Err(error))).map_err(unavailable),
            Err(elapsed) => return self.settle(lent, Err(elapsed)).map_err(unavailable),
        };
        let lent = lent.may_be_committed();
        let (connection, _) = &*lent.connection;
        let committed = timeout(self.answer_timeout, connection.batch_execute("COMMIT")).await;
        self.settle(lent, committed.map(|it| it.map(|()| counts))).map_err(unavailable)
    }
}
