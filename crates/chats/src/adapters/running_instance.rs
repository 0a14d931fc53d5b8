use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chats_access::TokenCache;
use chats_admin::{Database, EventService, Instance};
use chats_cache::CachedStore;
use chats_domain::ports::{Cause, Clock, EventRooms, EventRoomsError};
use chats_domain::values::EventRoomId;
use chats_replica::ReplicatedStore;
use chats_store::DieselStore;
use chats_telemetry::{
    CacheFigures, ConnectionFigures, Figures, Metrics, OpeningFigures, ReplicaFigures,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_appender::non_blocking::ErrorCounter;
use uuid::Uuid;

use super::ObservedIssuers;
use crate::error_chain::chain;

/// How long the database may take to tell of chats that are opening. Without it there are the other figures.
const PATIENCE: Duration = Duration::from_secs(1);

/// This process, as its operators ask about it.
pub(crate) struct RunningInstance {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: DieselStore,
    /// The replica of its database, if there is one.
    pub(crate) replica: Option<DieselStore>,
    /// The event service itself: looks at it are no calls of the API's.
    pub(crate) rooms: Arc<dyn EventRooms>,
    pub(crate) chats_cache: Option<Arc<CachedStore>>,
    pub(crate) replicated: Option<Arc<ReplicatedStore>>,
    pub(crate) tokens_cache: Option<Arc<TokenCache<ObservedIssuers>>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log_lines_dropped: ErrorCounter,
    pub(crate) ending: CancellationToken,
}

#[async_trait]
impl Instance for RunningInstance {
    fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    async fn look_at_database(&self) -> Database {
        look_at(&self.store, "database").await
    }

    async fn look_at_replica(&self) -> Option<Database> {
        Some(look_at(self.replica.as_ref()?, "replica").await)
    }

    async fn look_at_event_service(&self) -> EventService {
        // Nobody has this room: the answer tells whether our tokens are taken.
        match self.rooms.find(EventRoomId::from(Uuid::nil())).await {
            Ok(_) => EventService::Ready,
            Err(EventRoomsError::Refused(_)) => EventService::Refuses,
            Err(error) => {
                tracing::debug!(error = chain(&error), "the event service does not answer");
                EventService::Unreachable
            }
        }
    }

    async fn metrics(&self, is_ready: bool) -> Result<String, Cause> {
        let figures = Figures {
            is_ready,
            log_lines_dropped: self
                .log_lines_dropped
                .dropped_lines()
                .try_into()
                .unwrap_or(u64::MAX),
            connections: Some(self.connections()),
            chats_cache: self.chats_cache(),
            tokens_cache: self.tokens_cache(),
            replica: self.replica(),
            opening: self.opening().await,
        };
        Ok(self.metrics.text(&figures)?)
    }
}

impl RunningInstance {
    fn connections(&self) -> ConnectionFigures {
        let connections = self.store.connections();
        ConnectionFigures {
            idle: connections.idle,
            used: connections.used,
            max: connections.max,
            pending_requests: connections.waiting,
            queued_changes: connections.queued_changes,
        }
    }

    fn chats_cache(&self) -> Option<CacheFigures> {
        let cache = self.chats_cache.as_ref()?.stats();
        Some(CacheFigures {
            hits: cache.hits,
            misses: cache.misses,
            entries: cache.entries,
            bytes: Some(cache.bytes),
        })
    }

    fn tokens_cache(&self) -> Option<CacheFigures> {
        let cache = self.tokens_cache.as_ref()?.stats();
        Some(CacheFigures {
            hits: cache.hits,
            misses: cache.misses,
            entries: cache.entries,
            bytes: None,
        })
    }

    fn replica(&self) -> ReplicaFigures {
        let stats = self.replicated.as_ref().map(|it| it.stats()).unwrap_or_default();
        ReplicaFigures {
            answered: stats.answered,
            passed_on: stats.passed_on,
            failed: stats.failed,
            left_alone: stats.left_alone,
        }
    }

    async fn opening(&self) -> Option<OpeningFigures> {
        let opening = timeout(PATIENCE, self.store.opening()).await.ok()?.ok()?;
        let age = |oldest| self.clock.now().since(oldest);
        let oldest_age = opening.oldest.map_or(Duration::ZERO, age);
        Some(OpeningFigures { count: opening.count, oldest_age })
    }
}

async fn look_at(database: &DieselStore, name: &str) -> Database {
    match database.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Database::Ready,
        Ok(_) => Database::NotUpToDate,
        Err(error) => {
            tracing::debug!(error = chain(&error), "the {name} does not answer");
            Database::Unreachable
        }
    }
}
