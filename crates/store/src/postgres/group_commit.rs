use std::collections::VecDeque;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::Postgres;
use super::change::Change;
use super::together::NotTogether;
use crate::failure::Failure;
use crate::place::Place;

/// How many groups are committed at the same time, if there are as many connections.
const MOST_GROUPS: usize = 2;

/// How many changes a group has at the most.
const MOST_TOGETHER: usize = 64;

/// How many changes may wait that begin something: who comes later had better come again.
const MOST_BEGINNINGS: usize = 256;

/// For how long a committer waits for a change that is alone: it may wait for a lock, and is not to keep others from
/// being committed.
const MOST_FOR_ONE: Duration = Duration::from_millis(100);

/// Changes that wait to be committed. Those that come while others are committed are committed together: it takes as
/// long as for one of them, and little more work.
#[derive(Clone)]
pub(super) struct GroupCommit {
    waiting: Arc<Mutex<Queue>>,
    committers: Arc<Semaphore>,
}

/// What a change is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It begins something, which may as well begin later.
    Begin,
    /// It goes on with what was begun. Such come first: what is finished makes room.
    GoOn,
}

/// What became of a change: how many rows it changed; or `None` if it was not carried out, and may be by itself.
type Outcome = Result<Option<usize>, Failure>;

#[derive(Default)]
struct Queue {
    going_on: VecDeque<Waiting>,
    beginning: VecDeque<Waiting>,
}

struct Waiting {
    change: Arc<dyn Change>,
    place: Place,
    outcome: oneshot::Sender<Outcome>,
}

/// So many begin something already that whoever comes now had better come again.
#[derive(Debug, thiserror::Error)]
#[error("too many changes wait for the database")]
struct TooManyBegin;

/// The runtime is ending, and nothing is committed on it any more.
#[derive(Debug, thiserror::Error)]
#[error("the store is closing")]
struct Closing;

/// It failed together with others.
#[derive(Debug, thiserror::Error)]
#[error("changes that were to be committed together failed")]
struct FailedTogether(#[source] Arc<Failure>);

impl GroupCommit {
    /// For a pool of this many connections.
    pub(super) fn new(connections: usize) -> Self {
        let committers = Arc::new(Semaphore::new(MOST_GROUPS.min(connections)));
        Self { waiting: Arc::default(), committers }
    }

    /// How many changes wait.
    pub(super) fn waiting(&self) -> usize {
        let waiting = self.queue();
        waiting.going_on.len() + waiting.beginning.len()
    }

    /// Has a change committed, perhaps together with others. It is carried out even if nobody waits for it any more,
    /// unless that is known before.
    pub(super) async fn commit(
        &self,
        change: Arc<dyn Change>,
        place: Place,
        purpose: Purpose,
        postgres: &Postgres,
    ) -> Outcome {
        let (outcome, told) = oneshot::channel();
        if let Some(turn) = self.enqueue(Waiting { change, place, outcome }, purpose)? {
            let work = self.clone().commit_all(postgres.clone(), turn);
            postgres.connector.runtime().spawn(work);
        }
        told.await.unwrap_or_else(|_| Err(Failure::Unavailable(Box::new(Closing))))
    }

    /// Commits one group after the other, until nothing waits.
    async fn commit_all(self, postgres: Postgres, mut turn: OwnedSemaphorePermit) {
        while let Some((group, still)) = self.next_group(turn) {
            turn = still;
            commit(group, &postgres).await;
        }
    }

    /// Adds what waits. Returns a turn to commit if there is one to be had.
    fn enqueue(
        &self,
        waiting: Waiting,
        purpose: Purpose,
    ) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        let mut queue = self.queue();
        match purpose {
            Purpose::GoOn => queue.going_on.push_back(waiting),
            Purpose::Begin if queue.beginning.len() >= MOST_BEGINNINGS => {
                return Err(Failure::Unavailable(Box::new(TooManyBegin)));
            }
            Purpose::Begin => queue.beginning.push_back(waiting),
        }
        Ok(Arc::clone(&self.committers).try_acquire_owned().ok())
    }

    /// Takes those that are to be committed next. If nothing waits, the turn ends, before anything can come.
    fn next_group(
        &self,
        turn: OwnedSemaphorePermit,
    ) -> Option<(Vec<Waiting>, OwnedSemaphorePermit)> {
        let mut queue = self.queue();
        let mut group: Vec<_> = iter::from_fn(|| queue.next()).take(MOST_TOGETHER).collect();
        group.sort_by_key(|it| it.place);
        if group.is_empty() {
            drop(turn);
            return None;
        }
        Some((group, turn))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The next one for which somebody still waits.
    fn next(&mut self) -> Option<Waiting> {
        loop {
            let next = self.going_on.pop_front().or_else(|| self.beginning.pop_front())?;
            if !next.outcome.is_closed() {
                return Some(next);
            }
        }
    }
}

impl Waiting {
    /// Whoever waited may have left.
    fn tell(self, outcome: Outcome) {
        let _ = self.outcome.send(outcome);
    }
}

/// Carries out a group, and tells those who wait.
async fn commit(group: Vec<Waiting>, postgres: &Postgres) {
    let group = match <[Waiting; 1]>::try_from(group) {
        Ok([alone]) => return commit_alone(alone, postgres).await,
        Err(group) => group,
    };
    let changes: Vec<_> = group.iter().map(|it| &*it.change).collect();
    match postgres.execute_together(&changes).await {
        Ok(counts) => {
            group.into_iter().zip(counts).for_each(|(it, count)| it.tell(Ok(Some(count))));
        }
        Err(NotTogether::NotDone) => group.into_iter().for_each(|it| it.tell(Ok(None))),
        Err(NotTogether::Unknown(failure)) => {
            for it in group {
                let shared = FailedTogether(Arc::clone(&failure));
                it.tell(Err(Failure::Unavailable(Box::new(shared))));
            }
        }
    }
}

/// Carries out a change by itself, and returns when that has ended or takes too long for others to wait for.
async fn commit_alone(alone: Waiting, postgres: &Postgres) {
    let runtime = postgres.connector.runtime();
    let postgres = postgres.clone();
    let carried_out = runtime.spawn(async move {
        let count = postgres.execute_alone(&*alone.change).await;
        alone.tell(count.map(Some));
    });
    // Either way it goes on, and whoever waits for it is told by itself.
    let _ = timeout(MOST_FOR_ONE, carried_out).await;
}
