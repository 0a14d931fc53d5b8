use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chats_domain::values::{Audience, Timestamp};

use super::failure::Failure;

/// For how long no question may have failed before the trouble is over. Who may ask can make one fail now and
/// then, by asking more than there are places; the log shall not hear of each time.
const CALM: Duration = Duration::from_mins(1);

/// Whether a tenant is in trouble. The log hears of it once when it begins, and once when it is over.
pub(super) struct Trouble {
    audience: Audience,
    /// When a question failed last, unless the trouble is over.
    failed_at: Mutex<Option<Timestamp>>,
}

impl Trouble {
    pub(super) fn of(audience: Audience) -> Self {
        Self { audience, failed_at: Mutex::default() }
    }

    /// A question was not answered.
    pub(super) fn note_failure(&self, failure: &Failure, now: Timestamp) {
        let failed_before = self.lock(|failed_at| failed_at.replace(now));
        let audience = self.audience.as_str();
        let error = failure as &(dyn Error + 'static);
        if failed_before.is_some() {
            tracing::debug!(audience, error, "another question to the tenant went unanswered");
        } else {
            tracing::warn!(
                audience,
                error,
                "questions to the tenant go unanswered, and whoever they are about is turned away"
            );
        }
    }

    /// A question was answered.
    pub(super) fn note_answer(&self, now: Timestamp) {
        let over = self.lock(|failed_at| {
            failed_at.take_if(|failed_at| *failed_at <= now && now.since(*failed_at) >= CALM)
        });
        if over.is_some() {
            tracing::info!(
                audience = self.audience.as_str(),
                "the tenant answers all questions again"
            );
        }
    }

    /// No code panics while it holds the lock.
    fn lock<T>(&self, with: impl FnOnce(&mut Option<Timestamp>) -> T) -> T {
        with(&mut self.failed_at.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
