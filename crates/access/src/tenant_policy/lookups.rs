use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use tokio::sync::Semaphore;

/// Looks up the addresses of a tenant's host, one lookup at a time.
///
/// A lookup occupies a thread of the process until the system gives it up, which may take longer than
/// anybody waits for it. So a tenant whose name servers hang has one thread, and no more.
pub(super) struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Resolve for Lookups {
    fn resolve(&self, name: Name) -> Resolving {
        let turns = Arc::clone(&self.0);
        Box::pin(async move {
            let turn = turns.acquire_owned().await?;
            // In a task of its own, so that the turn ends with the lookup, not with the wait for it.
            let lookup = tokio::spawn(async move {
                let found = lookup_host((name.as_str(), 0)).await;
                drop(turn);
                found.map(Vec::from_iter)
            });
            Ok(Box::new(lookup.await??.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_lookup_waits_for_the_one_before_it() {
        let lookups = Lookups::default();
        let resolve = || lookups.resolve("localhost".parse().unwrap());

        let turn = Arc::clone(&lookups.0).acquire_owned().await.unwrap();
        let mut waiting = resolve();
        assert!((&mut waiting).now_or_never().is_none());
        drop(turn);
        let addresses = waiting.await.unwrap();
        assert!(addresses.into_iter().all(|address| address.ip().is_loopback()));
        assert!(resolve().await.is_ok(), "a turn ends");
    }

    #[tokio::test]
    async fn a_lookup_that_nobody_waits_for_keeps_its_turn_until_it_ends() {
        let lookups = Lookups::default();
        let mut abandoned = lookups.resolve("localhost".parse().unwrap());
        assert!((&mut abandoned).now_or_never().is_none());
        drop(abandoned);
        assert_eq!(lookups.0.available_permits(), 0);
        let ended = lookups.0.acquire().await;
        assert!(ended.is_ok());
    }
}
