//! The alerts, which Prometheus itself reads and tries.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tools::{program, succeed, yaml};
use crate::{promql, read, root};

#[test]
fn prometheus_reads_its_configuration_and_the_alerts() {
    let Some(mut promtool) = program("promtool") else { return };
    let file = root().join("deploy/prometheus/prometheus.yml");
    succeed(promtool.args(["check", "config", "--lint=all", "--lint-fatal"]).arg(file));
}

#[test]
fn each_alert_comes_when_it_should_and_not_before() {
    let Some(mut promtool) = program("promtool") else { return };
    let file = root().join("deploy/prometheus/alerts.test.yml");
    succeed(promtool.args(["test", "rules"]).arg(&file));
    let Some(tests) = yaml(&file) else { return };
    let tests: Vec<_> = tests["tests"].as_array().unwrap().iter().map(tried).collect();
    for alert in alerts().unwrap() {
        let name = alert["alert"].as_str().unwrap();
        for comes in [true, false] {
            assert!(tests.contains(&(name.to_owned(), comes)), "no test of {name}: {comes}");
        }
    }
}

/// Which alert a test is about, and whether it comes in the end.
fn tried(test: &Value) -> (String, bool) {
    let last = test["alert_rule_test"].as_array().unwrap().last().unwrap();
    let comes = !last["exp_alerts"].as_array().unwrap().is_empty();
    (last["alertname"].as_str().unwrap().to_owned(), comes)
}

#[test]
fn each_alert_says_what_it_is_about_and_where_to_read_on() {
    let Some(alerts) = alerts() else { return };
    assert!(alerts.len() > 10, "the alerts are gone: {alerts:?}");
    for alert in alerts {
        let name = alert["alert"].as_str().unwrap();
        assert!(name.starts_with("Chats"), "{name} may be of anybody");
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{name} is {severity}");
        for annotation in ["summary", "description"] {
            assert!(alert["annotations"][annotation].is_string(), "{name} has no {annotation}");
        }
        let anchor = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook_url"], anchor.as_str());
        promql::names_metrics_of_ours(alert["expr"].as_str().unwrap());
    }
}

#[test]
fn the_run_book_tells_of_each_alert_and_of_no_other() {
    let Some(alerts) = alerts() else { return };
    let there: BTreeSet<_> = alerts.iter().map(|it| it["alert"].as_str().unwrap()).collect();
    let page = read("docs/operations.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    let told: BTreeSet<_> = headings.filter(|name| name.starts_with("Chats")).collect();
    assert_eq!(told, there);
}

pub(crate) fn alerts() -> Option<Vec<Value>> {
    let rules = yaml(&root().join("deploy/prometheus/alerts.yml"))?;
    Some(rules["groups"][0]["rules"].as_array().unwrap().clone())
}
