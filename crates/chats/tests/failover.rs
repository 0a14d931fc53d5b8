//! A short run of failovers: the primary is killed and its standby takes its place, and nothing acknowledged
//! is lost.
//!
//! `cargo xtask failover` makes long ones.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::time::Duration;

use chats_harness::failover::{self, Plan};

#[tokio::test]
async fn three_instances_find_one_primary_after_another() {
    let plan = Plan {
        chats: env!("CARGO_BIN_EXE_chats").into(),
        instances: 3,
        clients: 8,
        cycles: 2,
        seed: 42,
        keep_logs: false,
    };
    let report = failover::run(&plan, |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert!(report.acknowledged() > 50 && report.converted() > 0, "{report}");
    // On a machine that does nothing else it is less than one.
    let longest = report.unavailability().iter().max().unwrap();
    assert!(*longest < Duration::from_secs(10), "{report}");
}
