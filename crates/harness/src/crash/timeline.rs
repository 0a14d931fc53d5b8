use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::record::Span;

/// When which trouble was made: what an answer is excused by.
pub(crate) struct Timeline {
    start: Instant,
    troubles: Mutex<Vec<(Trouble, Span)>>,
}

/// Trouble that was made on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An instance, counted from zero, does not run, or not yet.
    Outage(usize),
    /// The database server does not run, or not yet.
    DatabaseOutage,
    /// The event service refuses some calls.
    Refusals,
}

impl Timeline {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), troubles: Mutex::default() }
    }

    /// How long the run has lasted.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// When in the run a moment was.
    pub(crate) fn at(&self, moment: std::time::Instant) -> Duration {
        Instant::from_std(moment).saturating_duration_since(self.start)
    }

    /// To be called before the trouble is made. Some that goes on just goes on.
    pub(crate) fn begin(&self, trouble: Trouble) {
        let span = Span { from: self.now(), until: Duration::MAX };
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if !troubles.iter().any(|it| is_open(it, trouble)) {
            troubles.push((trouble, span));
        }
    }

    /// To be called when the trouble is over.
    pub(crate) fn end(&self, trouble: Trouble) {
        let now = self.now();
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        for it in troubles.iter_mut().filter(|it| is_open(it, trouble)) {
            it.1.until = now;
        }
    }

    pub(crate) fn troubles(&self) -> Vec<(Trouble, Span)> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn is_open((it, span): &(Trouble, Span), trouble: Trouble) -> bool {
    *it == trouble && span.until == Duration::MAX
}
