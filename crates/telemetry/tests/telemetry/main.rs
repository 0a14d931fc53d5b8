//! What is counted, as Prometheus reads it.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod contracts;
mod figures;
mod port_calls;
mod requests;

use chats_telemetry::{Build, Figures, Metrics};

fn metrics() -> Metrics {
    Metrics::new(Build { version: "1.2.3", commit: "0123abc" }).unwrap()
}

/// The lines of these series, without those of a histogram that tell of time.
fn lines(metrics: &Metrics, figures: &Figures, prefix: &str) -> Vec<String> {
    let text = metrics.text(figures).unwrap();
    let lines = text.lines().filter(|line| line.starts_with(prefix));
    let is_of_time = |line: &&str| line.contains("_bucket{") || line.contains("_sum");
    lines.filter(|line| !is_of_time(line)).map(str::to_owned).collect()
}
