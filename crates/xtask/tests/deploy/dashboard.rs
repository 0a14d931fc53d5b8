//! The dashboard of Grafana.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::tools::{program, succeed};
use crate::{promql, read};

#[test]
fn the_dashboard_asks_for_metrics_that_are_there() {
    let expressions = expressions();
    assert!(expressions.len() > 20, "the panels are gone: {expressions:?}");
    for expression in expressions {
        promql::names_metrics_of_ours(&expression);
    }
}

#[test]
fn prometheus_understands_what_the_dashboard_asks() {
    let Some(mut promtool) = program("promtool") else { return };
    let rules: Vec<_> = expressions()
        .iter()
        .enumerate()
        .map(|(number, expression)| {
            let expression = expression.replace("$__rate_interval", "5m");
            json!({"record": format!("panel:{number}"), "expr": expression})
        })
        .collect();
    let directory = tempfile::tempdir().unwrap();
    // JSON is YAML, too.
    let file = directory.path().join("rules.yml");
    let groups = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    fs::write(&file, groups.to_string()).unwrap();
    succeed(promtool.args(["check", "rules"]).arg(file));
}

#[test]
fn each_panel_has_a_number_and_a_place_of_its_own() {
    let mut numbers = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert!(numbers.insert(panel["id"].as_u64().unwrap()), "{title} has another's number");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        let (x, y, width, height) = (place("x"), place("y"), place("w"), place("h"));
        assert!(x + width <= 24, "{title} is not on the page");
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title} stands on another");
        }
    }
}

/// What the panels ask, and for which data source: whichever the reader has chosen.
fn expressions() -> Vec<String> {
    let panels = panels();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets
        .map(|target| {
            assert_eq!(target["datasource"]["uid"], "${datasource}");
            target["expr"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn panels() -> Vec<Value> {
    let dashboard: Value =
        serde_json::from_str(&read("deploy/grafana/dashboards/chats.json")).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}
