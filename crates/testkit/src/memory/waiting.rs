use tokio::sync::watch;

/// How many wait for something, so that a test can wait for them instead of sleeping.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(watch::Sender<usize>);

/// One who waits, until this is dropped.
pub(super) struct OneMore<'a>(&'a Waiting);

impl Waiting {
    pub(super) fn one_more(&self) -> OneMore<'_> {
        self.0.send_modify(|count| *count += 1);
        OneMore(self)
    }

    /// Returns once at least `count` wait.
    pub(super) async fn until(&self, count: usize) {
        // It fails only if the sender is gone, and that is `self`.
        let _ = self.0.subscribe().wait_for(|waiting| *waiting >= count).await;
    }
}

impl Drop for OneMore<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
