//! Short runs of the crash harness: everything is killed at random, and nothing acknowledged is lost.
//!
//! `cargo xtask crash` makes long ones.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::BTreeSet;

use chats_harness::crash::{self, Plan, Report, Rule};
use chats_harness::{DatabaseKind, IdempotencyKeys};

#[tokio::test]
async fn three_instances_on_postgresql_bear_being_killed() {
    let report = run(short(DatabaseKind::Postgres, 3)).await;
    assert_all_is_well(&report, &["instance", "database", "event service"]);
}

#[tokio::test]
async fn one_instance_on_sqlite_bears_being_killed() {
    let report = run(short(DatabaseKind::Sqlite, 1)).await;
    assert_all_is_well(&report, &["instance", "event service"]);
}

/// The harness sees what goes wrong: an event service that ignores the keys opens rooms that get lost, and
/// nothing else happens.
#[tokio::test]
async fn rooms_that_get_lost_are_found() {
    // Whether an answer gets lost after its work is up to the machine, but it seldom does not.
    const MOST_RUNS: u64 = 5;

    let lost = BTreeSet::from([Rule::NothingHalfMade]);
    for seed in 1..=MOST_RUNS {
        let keys = IdempotencyKeys::Ignored;
        let plan =
            Plan { seed, cycles: 3, idempotency_keys: keys, ..short(DatabaseKind::Sqlite, 1) };
        let report = run(plan).await;
        if report.broken_rules() == lost {
            return;
        }
        assert!(report.is_clean(), "{report}");
    }
    panic!("no room got lost in {MOST_RUNS} runs");
}

fn short(database: DatabaseKind, instances: usize) -> Plan {
    Plan {
        chats: env!("CARGO_BIN_EXE_chats").into(),
        database,
        instances,
        clients: 8,
        cycles: 15,
        seed: 42,
        idempotency_keys: IdempotencyKeys::Honoured,
        keep_logs: false,
    }
}

async fn run(plan: Plan) -> Report {
    crash::run(&plan, |_| {}).await.unwrap()
}

/// Nothing was violated. It would also be so if nothing had happened.
fn assert_all_is_well(report: &Report, killed: &[&str]) {
    assert!(report.is_clean(), "{report}");
    for kind in killed {
        assert!(report.kills_of(kind) > 0, "no {kind} was killed: {report}");
    }
    let (acknowledged, converted) = (report.acknowledged(), report.converted());
    assert!(acknowledged > 50 && converted > 0 && report.refused() > 0, "{report}");
}
