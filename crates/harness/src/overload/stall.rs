use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::sleep;

use crate::deployment::connect;
use crate::measure::scene::Scene;
use crate::steady_load::{Load, Outcome, Rates, Service, Tally};

/// How much comes all the time: little, but more than the connections to the database could bear if each create
/// took one for as long as it waits.
pub(super) const RATES: Rates = Rates { reads_per_second: 1_000, creates_per_second: 200 };

/// How many chats there are to read.
const CHATS: usize = 2_000;

/// How long reads are not looked at, in the beginning.
const WARM_UP: Duration = Duration::from_secs(1);

/// What came of all rounds: before writes stood still, while they did, and from the moment on when they went on.
#[derive(Default)]
pub(super) struct Stalled {
    pub(super) before: Tally,
    pub(super) meanwhile: Tally,
    pub(super) after: Tally,
}

/// Has all writes wait for a lock that is held for so long, again and again; reads need not wait for it.
///
/// A backup, a migration or a disk that does not answer do the same.
pub(super) async fn stall(scene: &Scene, rounds: u32, length: Duration) -> Result<Stalled> {
    let service = Arc::new(Service::with_chats(scene.url.clone(), CHATS).await?);
    let load = |name: &str, round: u32| {
        let mut dice = Rng::with_seed(round.into());
        let lengths = [WARM_UP, length.saturating_sub(WARM_UP)];
        let scopes = format!("{name}-{round}");
        Load::new(RATES, lengths, service.chats(), &scopes, &mut dice).run(Arc::clone(&service))
    };
    let mut stalled = Stalled::default();
    for round in 1..=rounds {
        stalled.before.add(load("before", round).await?);
        let client = connect(&scene.database_url()).await?;
        client.batch_execute("BEGIN; LOCK TABLE chat IN SHARE MODE").await?;
        // Some creates of the one load are still waiting when the other begins.
        let go_on = async {
            sleep(length).await;
            client.batch_execute("COMMIT").await?;
            load("after", round).await
        };
        let (meanwhile, after): (Result<Outcome>, Result<Outcome>) =
            tokio::join!(load("meanwhile", round), go_on);
        stalled.meanwhile.add(meanwhile?);
        stalled.after.add(after?);
    }
    Ok(stalled)
}
