use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// A look at something, which is shared by all who ask at the same time or soon after: however many probes
/// come, what they are about is looked at now and then.
pub(crate) struct Probe<T> {
    last: Mutex<Option<(Instant, T)>>,
    counts_for: Duration,
    patience: Duration,
    if_too_late: T,
}

impl<T: Copy> Probe<T> {
    /// A look that counts for so long. It may take no longer than `patience`, after which it found
    /// `if_too_late`.
    pub(crate) fn new(counts_for: Duration, patience: Duration, if_too_late: T) -> Self {
        Self { last: Mutex::new(None), counts_for, patience, if_too_late }
    }

    /// What the last look found, if it still counts, or else what a new one does.
    pub(crate) async fn found(&self, look: impl Future<Output = T>) -> T {
        // Whoever comes meanwhile waits here.
        let mut last = self.last.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < self.counts_for
        {
            return found;
        }
        let found = timeout(self.patience, look).await.unwrap_or(self.if_too_late);
        *last = Some((Instant::now(), found));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn probe() -> Probe<u32> {
        Probe::new(5 * SECOND, SECOND, 0)
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_at_once_or_soon_after_share_a_look() {
        let (probe, looks) = (probe(), Cell::new(0));
        let look = async || {
            sleep(SECOND / 2).await;
            looks.set(looks.get() + 1);
            looks.get()
        };
        assert_eq!(join_all((0..9).map(|_| probe.found(look()))).await, [1; 9]);
        advance(4 * SECOND).await;
        assert_eq!(probe.found(look()).await, 1);
        advance(SECOND).await;
        assert_eq!(probe.found(look()).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_too_long_is_given_up_for_all_who_wait() {
        let probe = probe();
        let start = Instant::now();
        assert_eq!(join_all((0..9).map(|_| probe.found(pending()))).await, [0; 9]);
        assert_eq!(start.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn if_who_looks_goes_away_the_next_one_looks() {
        let probe = probe();
        assert!(timeout(SECOND / 2, probe.found(pending())).await.is_err());
        assert_eq!(probe.found(async { 7 }).await, 7);
    }
}
