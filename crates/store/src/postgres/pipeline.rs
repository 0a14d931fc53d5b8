use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Cause;
use diesel::result::QueryResult;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::connection::Connection;
use super::connector::Connector;
use super::driven::Driven;
use super::outcome::outcome;
use super::read::{Read, read_as_from};
use crate::failure::Failure;
use crate::row::Lasting;

/// How many callers wait for answers on a connection at the most: PostgreSQL gives one after the other.
const MOST_AT_ONCE: usize = 64;

/// A connection that the queries of one runtime share, if it is open: each is sent at once, without
/// waiting for the answers to those before it.
///
/// For reads alone. One that waited for a lock would have all wait that come after it; and commits,
/// which reach the disk together otherwise, would wait for each other.
pub(super) struct Pipeline {
    room: Semaphore,
    open: Arc<Mutex<Option<Arc<Driven>>>>,
}

impl Pipeline {
    /// Runs a query that reads. What it says is true of a server that takes writes, unless that is a replica.
    pub(super) async fn read<R>(
        &self,
        query: impl Read<R>,
        connector: &Connector,
        answer_timeout: Duration,
    ) -> Result<Vec<R>, Failure>
    where
        R: Lasting + Send + 'static,
    {
        let role = connector.role();
        self.ask(move |it| read_as_from(role, query, it).boxed(), connector, answer_timeout).await
    }

    /// Runs a query that reads, whatever kind of server answers it.
    pub(super) async fn look<R: 'static>(
        &self,
        query: impl Read<R>,
        connector: &Connector,
        answer_timeout: Duration,
    ) -> Result<Vec<R>, Failure> {
        self.ask(move |connection| connection.read(query), connector, answer_timeout).await
    }

    /// Asks. A connection that gave no answer in time, to this question or to another that nobody waited for any
    /// more, is not used for further ones.
    async fn ask<T>(
        &self,
        ask: impl for<'a> FnOnce(&'a Connection) -> BoxFuture<'a, QueryResult<T>>,
        connector: &Connector,
        answer_timeout: Duration,
    ) -> Result<T, Failure> {
        let turn = timeout(connector.timeout(), self.turn(connector, answer_timeout)).await;
        let (_room, shared) = turn
            .map_err(|elapsed| Failure::Unavailable(elapsed.into()))?
            .map_err(Failure::Unavailable)?;
        shared.was_asked();
        let outcome = outcome(timeout(answer_timeout, ask(&shared.connection)).await);
        match outcome {
            Err(Failure::Unavailable(_)) => self.give_up(&shared),
            _ => shared.has_answered(),
        }
        outcome
    }

    /// Has no further queries sent on a connection. It is closed once nobody waits for it any more.
    fn give_up(&self, shared: &Arc<Driven>) {
        shared.give_up();
        // Whoever has the lock replaces it.
        if let Ok(mut open) = self.open.try_lock()
            && open.as_ref().is_some_and(|it| Arc::ptr_eq(it, shared))
        {
            *open = None;
        }
    }

    /// Waits until there is room for one more query.
    async fn turn(
        &self,
        connector: &Connector,
        patience: Duration,
    ) -> Result<(SemaphorePermit<'_>, Arc<Driven>), Cause> {
        Ok((self.room.acquire().await?, self.shared(connector, patience).await?))
    }

    /// The connection, which is opened on this runtime if there is none. Who waits for it may leave: the next
    /// one finds it.
    async fn shared(
        &self,
        connector: &Connector,
        patience: Duration,
    ) -> Result<Arc<Driven>, Cause> {
        let mut open = Arc::clone(&self.open).lock_owned().await;
        if let Some(shared) = open.as_ref().filter(|it| it.is_alive(patience)) {
            return Ok(Arc::clone(shared));
        }
        let connector = connector.clone();
        let opened = tokio::spawn(async move {
            let shared = Arc::new(connector.connect_here().await?);
            *open = Some(Arc::clone(&shared));
            Ok(shared)
        });
        opened.await?
    }

    /// Whether its connection is open, and then whether somebody waits for an answer on it.
    pub(super) fn is_used(&self) -> Option<bool> {
        self.is_open().then(|| self.room.available_permits() < MOST_AT_ONCE)
    }

    /// Whether its connection is open, or is being opened.
    pub(super) fn is_open(&self) -> bool {
        match self.open.try_lock() {
            Ok(open) => open.as_ref().is_some_and(|shared| shared.is_alive(Duration::MAX)),
            Err(_) => true,
        }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self { room: Semaphore::new(MOST_AT_ONCE), open: Arc::default() }
    }
}
