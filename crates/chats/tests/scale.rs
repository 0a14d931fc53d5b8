//! The plans by which PostgreSQL carries out the statements of the service: none reads through the table.
//!
//! `cargo xtask scale` looks at them with ten million chats, and measures how fast the service is then.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::time::Duration;

use chats_harness::scale::{self, Plan};

#[tokio::test]
async fn every_statement_finds_its_chats_by_an_index() {
    let plan = Plan {
        chats: env!("CARGO_BIN_EXE_chats").into(),
        wrk: "wrk".into(),
        oha: "oha".into(),
        rows: vec![1_000, 20_000],
        rounds: 0,
        turn: Duration::from_secs(1),
    };
    let report = scale::run(&plan, |_| {}).await.unwrap();
    assert!(report.meets_all_goals(), "{report}");
    let report = report.to_string();
    for plan in [
        "Index Scan using chat_pkey on chat",
        "Index Scan using chat_audience_scope_key on chat",
        "Index Scan using chat_opening_lease_until_idx on chat",
        "Insert on chat",
        "Update on chat",
    ] {
        assert!(report.contains(plan), "no '{plan}' in {report}");
    }
}
