use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::deployment::Database;

pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Looks now and then for how long chats are opening. Stops when this is dropped.
pub(super) struct Openings {
    longest_millis: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Openings {
    pub(super) fn watch(database: Database) -> Self {
        let longest_millis = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&longest_millis);
        let task = tokio::spawn(async move {
            loop {
                // While the database is down, nothing is to be seen.
                if let Ok(Some(longest)) = database.longest_opening().await {
                    let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
                    seen.fetch_max(millis, Ordering::Relaxed);
                }
                sleep(BETWEEN_LOOKS).await;
            }
        });
        Self { longest_millis, task }
    }

    /// The longest time that a chat was seen to be opening.
    pub(super) fn longest(&self) -> Duration {
        Duration::from_millis(self.longest_millis.load(Ordering::Relaxed))
    }
}

impl Drop for Openings {
    fn drop(&mut self) {
        self.task.abort();
    }
}
