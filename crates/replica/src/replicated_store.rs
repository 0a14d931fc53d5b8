use std::error::Error;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Clock, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use futures_util::future::{BoxFuture, Either, select};

use crate::breaker::Breaker;

/// How long a replica may take to answer. Then the primary is asked.
pub const PATIENCE: Duration = Duration::from_millis(250);

/// A chat store that reads ready chats from a replica, and does all else with the primary.
///
/// A replica that fails, or does not answer in time, is left alone for a while.
pub struct ReplicatedStore {
    primary: Arc<dyn ChatStore>,
    replica: Arc<dyn ChatStore>,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    counts: Counts,
}

/// What became of reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplicaStats {
    /// How many the replica answered.
    pub answered: u64,
    /// How many it could not, since it had no such chat, or one that was opening.
    pub passed_on: u64,
    /// How many it failed to answer in time.
    pub failed: u64,
    /// How many it was not asked, since it had failed.
    pub left_alone: u64,
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    passed_on: AtomicU64,
    failed: AtomicU64,
    left_alone: AtomicU64,
}

type Found = Result<Option<Chat>, StoreError>;

#[derive(Debug, thiserror::Error)]
#[error("there was no answer in time")]
struct Late;

impl ReplicatedStore {
    /// Stands before both.
    #[must_use]
    pub fn new(
        primary: Arc<dyn ChatStore>,
        replica: Arc<dyn ChatStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { primary, replica, clock, breaker: Breaker::new(), counts: Counts::default() }
    }

    /// What became of reads so far.
    #[must_use]
    pub fn stats(&self) -> ReplicaStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReplicaStats {
            answered: count(&self.counts.answered),
            passed_on: count(&self.counts.passed_on),
            failed: count(&self.counts.failed),
            left_alone: count(&self.counts.left_alone),
        }
    }

    async fn read<'a>(&'a self, find: impl Fn(&'a dyn ChatStore) -> BoxFuture<'a, Found>) -> Found {
        match self.read_from_replica(|| find(&*self.replica)).await {
            Some(ready) => Ok(Some(ready)),
            None => find(&*self.primary).await,
        }
    }

    /// The chat, if the replica has it and it is ready.
    async fn read_from_replica<'a>(
        &'a self,
        find: impl FnOnce() -> BoxFuture<'a, Found>,
    ) -> Option<Chat> {
        let Some(pass) = self.breaker.let_through(self.clock.now()) else {
            count(&self.counts.left_alone);
            return None;
        };
        let found = match select(find(), self.clock.sleep(PATIENCE)).await {
            Either::Left((found, _)) => found,
            Either::Right(((), _)) => Err(StoreError::Unavailable(Late.into())),
        };
        match found {
            Ok(found) => {
                if self.breaker.answered(pass) {
                    tracing::info!("the replica answers again");
                }
                let ready = found.filter(|chat| chat.event_room().is_some());
                count(if ready.is_some() { &self.counts.answered } else { &self.counts.passed_on });
                ready
            }
            Err(error) => {
                count(&self.counts.failed);
                if self.breaker.failed(self.clock.now()) {
                    let cause = chain(&error);
                    tracing::warn!(cause, "the replica does not answer: the primary is asked");
                }
                None
            }
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// An error and all its sources in one line, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let errors = iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[async_trait]
impl ChatStore for ReplicatedStore {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        self.primary.reserve(reservation).await
    }

    async fn find(&self, id: ChatId) -> Found {
        self.read(|store| store.find(id)).await
    }

    async fn find_by_key(&self, audience: &Audience, scope: &Scope) -> Found {
        self.read(|store| store.find_by_key(audience, scope)).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        self.primary.take_over(id, seen, now, lease_until).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        self.primary.take_over_expired(now, lease_until, limit).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        self.primary.confirm(id, attempt, room).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.primary.postpone(id, attempt, lease_until).await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        self.primary.release(id, attempt).await
    }
}
