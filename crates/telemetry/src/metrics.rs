use prometheus::core::Collector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::{Call, Figures, RequestMetrics};

/// The upper bounds of the histograms, in seconds: from a read out of memory to the patience of clients.
const SECONDS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

/// All that is counted and timed in a process.
pub struct Metrics {
    registry: Registry,
    active_requests: IntGauge,
    request_durations: HistogramVec,
    call_durations: HistogramVec,
    possibly_orphaned_rooms: IntCounter,
}

/// Which program this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// Its version.
    pub version: &'static str,
    /// The commit that it was built from.
    pub commit: &'static str,
}

/// Two figures have one name, or one has none that Prometheus takes.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be told")]
pub struct MetricsError(#[from] prometheus::Error);

impl Metrics {
    /// Nothing has been counted yet.
    pub fn new(build: Build) -> Result<Self, MetricsError> {
        let metrics = Self {
            registry: Registry::new(),
            active_requests: IntGauge::new(
                "http_server_active_requests",
                "Requests of the API that are being answered.",
            )?,
            request_durations: HistogramVec::new(
                HistogramOpts::new(
                    "http_server_request_duration_seconds",
                    "How long requests of the API took, in seconds: from the head that was read to the answer.",
                )
                .buckets(SECONDS.to_vec()),
                &["http_request_method", "http_route", "http_response_status_code"],
            )?,
            call_durations: HistogramVec::new(
                HistogramOpts::new(
                    "chats_port_call_duration_seconds",
                    "How long calls took of what the service stands on, in seconds.",
                )
                .buckets(SECONDS.to_vec()),
                &["port", "call", "outcome"],
            )?,
            possibly_orphaned_rooms: IntCounter::new(
                "chats_rooms_possibly_orphaned_total",
                "Calls to open an event room of which nobody knows whether they did; with an event service \
                 that ignores Idempotency-Key, each may have left a room without a chat.",
            )?,
        };
        metrics.register(metrics.active_requests.clone())?;
        metrics.register(metrics.request_durations.clone())?;
        metrics.register(metrics.call_durations.clone())?;
        metrics.register(metrics.possibly_orphaned_rooms.clone())?;
        metrics.register(build_info(build)?)?;
        Ok(metrics)
    }

    /// The requests of an API with these methods and routes.
    #[must_use]
    pub fn requests(
        &self,
        methods: &'static [&'static str],
        routes: &'static [&'static str],
    ) -> RequestMetrics {
        RequestMetrics::new(&self.active_requests, &self.request_durations, methods, routes)
    }

    /// A call of a port.
    #[must_use]
    pub fn call(&self, port: &'static str, name: &'static str) -> Call {
        Call::new(port, name, &self.call_durations)
    }

    /// Notes that nobody knows whether a room was opened.
    pub fn room_is_possibly_orphaned(&self) {
        self.possibly_orphaned_rooms.inc();
    }

    /// All of it and these figures, in the text form of Prometheus (version 0.0.4).
    pub fn text(&self, figures: &Figures) -> Result<String, MetricsError> {
        let mut families = self.registry.gather();
        families.extend(figures.registry()?.gather());
        #[cfg(target_os = "linux")]
        families.extend(crate::process::registry()?.gather());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(TextEncoder::new().encode_to_string(&families)?)
    }

    fn register(&self, figure: impl Collector + 'static) -> Result<(), MetricsError> {
        Ok(self.registry.register(Box::new(figure))?)
    }
}

fn build_info(build: Build) -> Result<IntGaugeVec, MetricsError> {
    let info = IntGaugeVec::new(
        Opts::new("chats_build_info", "The program that runs; always 1."),
        &["version", "commit"],
    )?;
    info.with_label_values(&[build.version, build.commit]).set(1);
    Ok(info)
}
