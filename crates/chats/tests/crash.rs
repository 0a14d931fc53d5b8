//! A short run of the crash harness: everything is killed at random, and nothing acknowledged is lost.
//!
//! `cargo xtask crash` makes long ones.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use chats_harness::DatabaseKind;
use chats_harness::crash::{self, Plan, Report};

const CYCLES: u32 = 10;

#[tokio::test]
async fn three_instances_on_postgresql_bear_being_killed() {
    short_run(DatabaseKind::Postgres, 3).await;
}

#[tokio::test]
async fn one_instance_on_sqlite_bears_being_killed() {
    short_run(DatabaseKind::Sqlite, 1).await;
}

async fn short_run(database: DatabaseKind, instances: usize) {
    let plan = Plan {
        chats: env!("CARGO_BIN_EXE_chats").into(),
        database,
        instances,
        clients: 4,
        cycles: CYCLES,
        seed: 42,
        keep_logs: false,
    };
    let report: Report = crash::run(&plan, |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report}");
    // It would also be clean if nothing had happened.
    assert!(report.kills() >= CYCLES && report.acknowledged() > 0, "{report}");
}
