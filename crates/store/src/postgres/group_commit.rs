use std::collections::VecDeque;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Postgres;
use super::change::Change;
use super::together::{LOCK_TIMEOUT, NotTogether};
use crate::failure::Failure;
use crate::place::Place;

/// How many groups are committed at the same time, if there are as many connections.
const MOST_GROUPS: usize = 2;

/// How many changes a group has at the most.
const MOST_TOGETHER: usize = 64;

/// How many changes may wait that begin something: who comes later had better come again.
const MOST_BEGINNINGS: usize = 256;

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

/// What became of a change: how many rows it changed.
type Outcome = Result<usize, Failure>;

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

    /// Has a change carried out, perhaps together with others. It is even if nobody waits for it any more, unless that
    /// is known before.
    pub(super) async fn carry_out(
        &self,
        change: impl Change,
        place: Place,
        purpose: Purpose,
        postgres: &Postgres,
    ) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        let waiting = Waiting { change: Arc::new(change), place, outcome: sender };
        if let Some(turn) = self.enqueue(waiting, purpose)? {
            let work = self.clone().commit_all(postgres.clone(), turn);
            postgres.connector.runtime().spawn(work);
        }
        outcome.await.unwrap_or_else(|_| Err(Failure::Unavailable(Box::new(Closing))))
    }

    /// Commits one group after the other, until nothing waits.
    async fn commit_all(self, postgres: Postgres, turn: OwnedSemaphorePermit) {
        let mut next = self.next_group(turn);
        while let Some((group, turn)) = next {
            commit(group, &postgres).await;
            next = self.next_group(turn);
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
        Ok([alone]) => {
            // It may wait for a lock for long, and is not to keep others from being committed.
            let _ = timeout(LOCK_TIMEOUT, carry_out_alone(alone, postgres)).await;
            return;
        }
        Err(group) => group,
    };
    let changes: Vec<_> = group.iter().map(|it| &*it.change).collect();
    match postgres.execute_together(&changes).await {
        Ok(counts) => group.into_iter().zip(counts).for_each(|(it, count)| it.tell(Ok(count))),
        // One of them is the cause, and the others are not to suffer from it.
        Err(NotTogether::NotDone) => {
            for it in group {
                drop(carry_out_alone(it, postgres));
            }
        }
        Err(NotTogether::Unavailable(failure)) => {
            for it in group {
                let shared = FailedTogether(Arc::clone(&failure));
                it.tell(Err(Failure::Unavailable(Box::new(shared))));
            }
        }
    }
}

/// Carries out a change by itself, in a task that goes on whether the returned one is waited for or not.
fn carry_out_alone(alone: Waiting, postgres: &Postgres) -> JoinHandle<()> {
    let runtime = postgres.connector.runtime();
    let postgres = postgres.clone();
    runtime.spawn(async move {
        let outcome = postgres.execute_alone(&*alone.change).await;
        alone.tell(outcome);
    })
}
