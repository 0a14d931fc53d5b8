use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::MetricsError;

/// What others count or know, at the moment at which somebody asks. What is not known is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Whether requests are to be sent to this instance.
    pub is_ready: bool,
    /// How many lines of the log were left out, since those before them had not been taken.
    pub log_lines_dropped: u64,
    /// The connections to the database.
    pub connections: Option<ConnectionFigures>,
    /// The cache of chats.
    pub chats_cache: Option<CacheFigures>,
    /// The cache of tokens.
    pub tokens_cache: Option<CacheFigures>,
    /// What became of reads that a replica may answer: none if there is no replica.
    pub replica: ReplicaFigures,
    /// The chats that are opening.
    pub opening: Option<OpeningFigures>,
}

/// The connections of an instance to its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionFigures {
    /// How many are open and not in use.
    pub idle: usize,
    /// How many are in use.
    pub used: usize,
    /// How many there may be.
    pub max: usize,
    /// How many calls wait for one.
    pub pending_requests: usize,
    /// How many changes wait to be committed together, without one.
    pub queued_changes: usize,
}

/// How a cache does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheFigures {
    /// How many look-ups found what they looked for.
    pub hits: u64,
    /// How many did not.
    pub misses: u64,
    /// How many entries there are.
    pub entries: usize,
    /// How many bytes they take, if that is counted.
    pub bytes: Option<u64>,
}

/// What became of reads that a replica may answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplicaFigures {
    /// How many it answered.
    pub answered: u64,
    /// How many it could not, so that the primary was asked.
    pub passed_on: u64,
    /// How many it failed to answer in time.
    pub failed: u64,
    /// How many it was not asked, since it had failed.
    pub left_alone: u64,
}

/// The chats that are opening, of all instances together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningFigures {
    /// How many there are.
    pub count: u64,
    /// For how long the oldest of them has been so; zero if there is none.
    pub oldest_age: Duration,
}

impl Figures {
    /// A registry of these alone.
    pub(crate) fn registry(&self) -> Result<Registry, MetricsError> {
        let registry = Registry::new();
        register_readiness(&registry, self.is_ready)?;
        register_log(&registry, self.log_lines_dropped)?;
        let caches = [("chats", self.chats_cache), ("tokens", self.tokens_cache)];
        let caches = caches.into_iter().filter_map(|(name, cache)| Some((name, cache?)));
        register_caches(&registry, caches)?;
        self.replica.register(&registry)?;
        if let Some(connections) = &self.connections {
            connections.register(&registry)?;
        }
        if let Some(opening) = &self.opening {
            opening.register(&registry)?;
        }
        Ok(registry)
    }
}

impl ConnectionFigures {
    fn register(&self, registry: &Registry) -> Result<(), MetricsError> {
        let connections = IntGaugeVec::new(
            Opts::new(
                "db_client_connections",
                "Connections of this instance to its database, by whether they are in use.",
            ),
            &["state"],
        )?;
        connections.with_label_values(&["idle"]).set(number(self.idle));
        connections.with_label_values(&["used"]).set(number(self.used));
        register(registry, connections)?;
        let max = IntGauge::new(
            "db_client_connection_max",
            "The most connections that this instance opens to its database.",
        )?;
        max.set(number(self.max));
        register(registry, max)?;
        let pending = IntGauge::new(
            "db_client_connection_pending_requests",
            "Calls that wait for a connection to the database.",
        )?;
        pending.set(number(self.pending_requests));
        register(registry, pending)?;
        let queued = IntGauge::new(
            "chats_store_queued_changes",
            "Changes that wait to be committed together.",
        )?;
        queued.set(number(self.queued_changes));
        register(registry, queued)
    }
}

fn register_readiness(registry: &Registry, is_ready: bool) -> Result<(), MetricsError> {
    let ready = IntGauge::new(
        "chats_ready",
        "1 if requests are to be sent to this instance, as its readiness tells, else 0.",
    )?;
    ready.set(is_ready.into());
    register(registry, ready)
}

fn register_log(registry: &Registry, lines_dropped: u64) -> Result<(), MetricsError> {
    let dropped = IntCounter::new(
        "chats_log_lines_dropped_total",
        "Lines of the log that were left out, since those before them had not been taken.",
    )?;
    dropped.inc_by(lines_dropped);
    register(registry, dropped)
}

fn register_caches<'a>(
    registry: &Registry,
    caches: impl Iterator<Item = (&'a str, CacheFigures)>,
) -> Result<(), MetricsError> {
    let requests = IntCounterVec::new(
        Opts::new(
            "chats_cache_requests_total",
            "Look-ups in a cache, by whether they found what they looked for.",
        ),
        &["cache", "result"],
    )?;
    let entries =
        IntGaugeVec::new(Opts::new("chats_cache_entries", "Entries in a cache."), &["cache"])?;
    let bytes = IntGaugeVec::new(
        Opts::new(
            "chats_cache_bytes",
            "The memory that the entries of a cache are counted to take, in bytes.",
        ),
        &["cache"],
    )?;
    for (name, cache) in caches {
        requests.with_label_values(&[name, "hit"]).inc_by(cache.hits);
        requests.with_label_values(&[name, "miss"]).inc_by(cache.misses);
        entries.with_label_values(&[name]).set(number(cache.entries));
        if let Some(count) = cache.bytes {
            bytes.with_label_values(&[name]).set(number(count));
        }
    }
    register(registry, requests)?;
    register(registry, entries)?;
    register(registry, bytes)
}

impl ReplicaFigures {
    fn register(&self, registry: &Registry) -> Result<(), MetricsError> {
        let reads = IntCounterVec::new(
            Opts::new(
                "chats_replica_reads_total",
                "Reads that the replica of the database may answer, by what became of them there.",
            ),
            &["result"],
        )?;
        for (result, count) in [
            ("answered", self.answered),
            ("passed_on", self.passed_on),
            ("failed", self.failed),
            ("left_alone", self.left_alone),
        ] {
            reads.with_label_values(&[result]).inc_by(count);
        }
        register(registry, reads)
    }
}

impl OpeningFigures {
    fn register(&self, registry: &Registry) -> Result<(), MetricsError> {
        let count = IntGauge::new(
            "chats_opening",
            "Chats that are reserved and have no event room yet, of all instances together.",
        )?;
        count.set(number(self.count));
        register(registry, count)?;
        let age = Gauge::new(
            "chats_opening_oldest_age_seconds",
            "For how long the oldest chat that is opening has been so, in seconds; 0 if there is none.",
        )?;
        age.set(self.oldest_age.as_secs_f64());
        register(registry, age)
    }
}

pub(crate) fn register(
    registry: &Registry,
    figure: impl Collector + 'static,
) -> Result<(), MetricsError> {
    Ok(registry.register(Box::new(figure))?)
}

pub(crate) fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
