//! Which metrics an expression of Prometheus names.

use std::collections::BTreeSet;

use crate::read;

/// What the page for operators names, which the service's own tests hold to what `/metrics` has.
fn metrics() -> BTreeSet<String> {
    let page = read("docs/operations.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let types = ["counter", "gauge", "histogram"].map(|it| format!("` | {it} |"));
    let is_metric = |row: &&str| types.iter().any(|it| row.contains(it));
    rows.filter(is_metric).filter_map(|row| Some(row.split_once('`')?.0.to_owned())).collect()
}

/// Words after which labels stand in parentheses.
const BEFORE_LABELS: [&str; 6] = ["by", "group_left", "group_right", "ignoring", "on", "without"];
const OPERATORS: [&str; 6] = ["and", "atan2", "bool", "offset", "or", "unless"];

/// Fails if an expression names something that no service has.
pub(crate) fn names_metrics_of_ours(expression: &str) {
    let named = metrics_in(expression);
    assert!(!named.is_empty(), "there is no metric in {expression}");
    for name in named {
        let of_histogram = ["_bucket", "_count", "_sum"]
            .iter()
            .find_map(|part| name.strip_suffix(part))
            .filter(|name| name.ends_with("_seconds"));
        let name = of_histogram.unwrap_or(&name);
        let is_known = name == "up" || name.starts_with("process_") || metrics().contains(name);
        assert!(is_known, "there is no metric {name}, as in {expression}");
    }
}

#[test]
fn a_metric_is_what_is_neither_function_nor_label() {
    let expression = r#"
        histogram_quantile(0.99, sum by (job, le) (rate(a_seconds_bucket{job="x(y", b=~"{c}"}[5m])))
        / on (job) group_left (version) min_over_time(d:e[$__rate_interval]) offset 5m > 400 * 1024
        or count(f) without (g) unless h == bool 1e3 and absent(up{})
    "#;
    let expected = ["a_seconds_bucket", "d:e", "f", "h", "up"];
    assert_eq!(metrics_in(expression), expected.map(str::to_owned).into());
}

fn metrics_in(expression: &str) -> BTreeSet<String> {
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '{' | '[' => end_of(rest, if first == '{' { '}' } else { ']' }),
            first if is_of_word(first) => rest.find(|it| !is_of_word(it)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if !word.trim().is_empty() && !word.starts_with(['{', '[']) {
            words.push(word);
        }
        rest = after;
    }
    let mut metrics = BTreeSet::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).copied().unwrap_or_default();
        if BEFORE_LABELS.contains(word) {
            at += words[at..].iter().position(|it| *it == ")").unwrap_or_default();
        } else if word.starts_with(|it: char| it.is_alphabetic() || it == '_')
            && !OPERATORS.contains(word)
            && !["(", "by", "without"].contains(&next)
        {
            metrics.insert((*word).to_owned());
        }
        at += 1;
    }
    metrics
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || ['_', ':', '.'].contains(&character)
}

/// Where what is in brackets ends. Texts in it may have brackets of their own.
fn end_of(bracketed: &str, close: char) -> usize {
    let mut is_in_text = false;
    let end = bracketed.char_indices().find(|(_, character)| {
        is_in_text ^= *character == '"';
        !is_in_text && *character == close
    });
    end.map_or(bracketed.len(), |(at, close)| at + close.len_utf8())
}
