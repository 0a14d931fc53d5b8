//! The table of attacks names tests that are there.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_attack_has_its_test() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, rest) = page.split_once("\n## Attacks\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 40, "the table is gone: {rows:?}");
    for row in rows {
        let test = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let test = test.strip_prefix('`').and_then(|test| test.strip_suffix('`'));
        let (module, name) = test.and_then(|it| it.split_once("::")).unwrap_or_else(|| {
            panic!("this row names no test: {row}");
        });
        assert!(is_a_test(module, name), "there is no test {module}::{name}");
    }
    assert!(!is_a_test("forgery", "nothing_of_the_kind"));
}

/// Whether the function stands there, as a test of its own or in the macro that makes one for each database.
fn is_a_test(module: &str, name: &str) -> bool {
    let file = root().join(format!("crates/chats/tests/black_box/{module}.rs"));
    let source = fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let is_function = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|it| it.strip_prefix(name))
            .is_some_and(|it| it.starts_with('('))
    };
    let stamped = lines.iter().position(|line| *line == "on_both_databases! {");
    (1..lines.len()).any(|at| {
        let is_marked = matches!(lines[at - 1], "#[test]" | "#[tokio::test]");
        is_function(lines[at]) && (is_marked || stamped.is_some_and(|begin| begin < at))
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
