use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::{Instant, sleep, timeout};

use super::aftermath::Aftermath;
use super::checks::{self, Evidence, Promises, refused_scopes};
use super::clients::Clients;
use super::faults::LONGEST_DELAY;
use super::findings::Findings;
use super::openings::{BETWEEN_LOOKS, Openings};
use super::timeline::Timeline;
use crate::deployment::{Database, Deployment};

/// Clients at work, and what is watched meanwhile. Somebody else makes the trouble.
pub(crate) struct Trial {
    timeline: Arc<Timeline>,
    openings: Openings,
    clients: Clients,
}

/// Recovery has to have finished everything within this time: a chat that is left alone for so long is
/// starved by others.
const LONGEST_RECOVERY: Duration = Duration::from_secs(20);

impl Trial {
    /// Puts clients to work.
    pub(crate) async fn start(
        deployment: &Deployment,
        clients: usize,
        dice: &mut Rng,
    ) -> Result<Self> {
        let timeline = Arc::new(Timeline::start());
        let openings = Openings::watch(deployment.database().clone());
        let clients = Clients::start(deployment, Arc::clone(&timeline), clients, dice).await?;
        Ok(Self { timeline, openings, clients })
    }

    /// Where trouble is to be noted.
    pub(crate) fn timeline(&self) -> &Arc<Timeline> {
        &self.timeline
    }

    /// Has the clients stop once everything runs again, and looks at all that must always hold.
    pub(crate) async fn end(self, deployment: &Deployment) -> Result<Findings> {
        let Self { timeline, openings, clients } = self;
        let database = deployment.database();
        let told = clients.end().await?;
        let lasted = timeline.now();
        let recovered_in = until_nothing_is_opening(database).await?;
        let longest_opening = openings.longest();
        drop(openings);

        let promises = Promises::in_records(&told.records);
        let evidence = Evidence {
            records: told.records,
            troubles: timeline.troubles(),
            rooms_before: told.rooms_before,
            rows: database.chats().await?,
            rooms: deployment.event_service().rooms().await?,
        };
        let mut violations = checks::check(&evidence, &promises);
        let aftermath = Aftermath::of(deployment)?;
        let (reads, broken) = aftermath.hold_to(&promises.promises).await;
        violations.extend(broken);
        violations.extend(aftermath.make_new_chats().await?);
        Ok(Findings {
            lasted,
            recovered_in,
            longest_opening,
            promises: promises.promises.len(),
            reads,
            refused: refused_scopes(&evidence.records).len(),
            evidence,
            violations,
        })
    }
}

/// Waits until calls that are delayed have come, and recovery has finished what was left half made.
/// Returns how long both took.
async fn until_nothing_is_opening(database: &Database) -> Result<Duration> {
    let start = Instant::now();
    sleep(LONGEST_DELAY).await;
    let finished = async {
        while database.longest_opening().await?.is_some() {
            sleep(BETWEEN_LOOKS).await;
        }
        anyhow::Ok(())
    };
    // What is opening even then is found by the checks.
    timeout(LONGEST_RECOVERY, finished).await.unwrap_or(Ok(()))?;
    Ok(start.elapsed())
}
