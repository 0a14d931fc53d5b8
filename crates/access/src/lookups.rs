use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::turns::Turns;

/// Looks up the addresses of hosts, for each host one lookup at a time.
///
/// A lookup occupies a thread of the process until the system gives it up, which may take longer than
/// anybody waits for it. So a host whose name servers hang has one thread, and no more. The hosts are those
/// that the configuration names, so there are not many.
#[derive(Default)]
pub(crate) struct Lookups(Turns<String>);

impl Resolve for Lookups {
    fn resolve(&self, name: Name) -> Resolving {
        let turns = self.0.of(&name.as_str().to_owned());
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

        let turn = lookups.0.of(&"localhost".to_owned()).acquire_owned().await.unwrap();
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
        let turns = lookups.0.of(&"localhost".to_owned());
        assert_eq!(turns.available_permits(), 0);
        assert!(turns.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn a_lookup_does_not_wait_for_that_of_another_host() {
        let lookups = Lookups::default();
        let _turn = lookups.0.of(&"tenant.invalid".to_owned()).acquire_owned().await.unwrap();
        assert!(lookups.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
