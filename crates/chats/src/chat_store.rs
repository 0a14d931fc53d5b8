//! The store of chats, and what stands before it: the cache, behind it the replica, and behind both the database.

use std::num::NonZeroU64;
use std::sync::Arc;

use chats_cache::CachedStore;
use chats_domain::ports::{ChatStore, Clock};
use chats_replica::ReplicatedStore;
use chats_store::DieselStore;
use chats_telemetry::{Metrics, ObservedStore};

/// The port, and those of its decorators that there are.
pub(crate) struct StoredChats {
    pub(crate) port: Arc<dyn ChatStore>,
    pub(crate) cache: Option<Arc<CachedStore>>,
    pub(crate) replicated: Option<Arc<ReplicatedStore>>,
}

impl StoredChats {
    pub(crate) fn of(database: DieselStore, metrics: &Metrics) -> Self {
        let port = Arc::new(ObservedStore::new(database, metrics));
        Self { port, cache: None, replicated: None }
    }

    /// The same, where a replica is asked before, if there is one.
    pub(crate) fn behind_replica(
        mut self,
        replica: Option<DieselStore>,
        metrics: &Metrics,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        if let Some(replica) = replica {
            let replica = Arc::new(ObservedStore::of_replica(replica, metrics));
            let replicated = ReplicatedStore::new(self.port, replica, Arc::clone(clock));
            let replicated = Arc::new(replicated);
            self.port = Arc::clone(&replicated) as _;
            self.replicated = Some(replicated);
        }
        self
    }

    /// The same, where a cache of so many bytes is asked before, if there is to be one.
    pub(crate) fn behind_cache(mut self, bytes: Option<NonZeroU64>) -> Self {
        if let Some(bytes) = bytes {
            let cache = Arc::new(CachedStore::new(self.port, bytes));
            self.port = Arc::clone(&cache) as _;
            self.cache = Some(cache);
        }
        self
    }
}
