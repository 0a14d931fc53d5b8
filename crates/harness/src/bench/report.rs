use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::figure::Figure;
use super::name::Name;
use crate::statistics::Spread;

/// What was measured, and what could not be.
pub struct Report {
    /// How long the disk takes to sync a page, before anything is measured.
    pub(super) time_of_sync: Duration,
    pub(super) figures: Vec<Figure>,
    pub(super) failures: Vec<(Name, anyhow::Error)>,
}

impl Report {
    /// Whether everything could be measured, and no goal is missed.
    #[must_use]
    pub fn meets_all_goals(&self) -> bool {
        self.failures.is_empty() && self.missed().next().is_none()
    }

    /// All figures by their names, as JSON.
    #[must_use]
    pub fn json(&self) -> Json {
        let figures = self.figures.iter().map(|figure| (figure.name.to_owned(), figure.json()));
        let failures = self.failures.iter().map(|(name, error)| {
            (name.to_string(), json!({"error": format!("{error:#}"), "met": false}))
        });
        Json::Object(figures.chain(failures).collect::<Map<_, _>>())
    }

    fn missed(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.is_met() == Some(false))
    }

    fn write_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:24} {:>22} {:>24} {:>9} {:>9}  {:9}",
            "", "requests/s", "value", "p50 ms", "p99 ms", "goal"
        )?;
        self.figures.iter().try_for_each(|figure| write_row(f, figure))
    }

    /// What each figure stands on: its limit, and what a request takes of the processors.
    fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for figure in &self.figures {
            if let Some(rounds) = &figure.rounds {
                write!(f, "{:24} CPU/request: {}", figure.name, parts(&rounds.cpu_micros()))?;
                if let Some(limit) = rounds.limit_per_second() {
                    write!(f, "; limit ({}): {}", rounds.limits(), whole(limit))?;
                    write!(f, ", {}", parts(&rounds.limit_cpu_micros()))?;
                }
                writeln!(f)?;
            }
            if !figure.note.is_empty() {
                writeln!(f, "{:24} {}", figure.name, figure.note)?;
            }
        }
        Ok(())
    }

    /// Each round for itself, where the limit was not always the same: something else was running.
    fn write_disagreement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_rounds = self.figures.iter().filter_map(|it| Some((it.name, it.rounds.as_ref()?)));
        for (name, rounds) in with_rounds.filter(|(_, rounds)| rounds.disagree()) {
            writeln!(f, "\n{name}: the rounds disagree. What ran besides:")?;
            for (number, round) in rounds.0.iter().enumerate() {
                write!(f, "  round {}: ", number + 1)?;
                if let Some((_, limit)) = &round.limit {
                    write!(f, "limit {:.0}, ", limit.sent.per_second)?;
                }
                let service = round.service.sent.per_second;
                writeln!(f, "service {service:.0}; others: {}", round.other)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_table(f)?;
        writeln!(f)?;
        self.write_details(f)?;
        writeln!(
            f,
            "\na sync of the disk takes {:.2?}, while nothing else is done",
            self.time_of_sync
        )?;
        self.write_disagreement(f)?;
        if self.meets_all_goals() {
            return writeln!(f, "\nall goals are met");
        }
        for (name, error) in &self.failures {
            writeln!(f, "\n{name} could not be measured: {error:#}")?;
        }
        if self.missed().next().is_some() {
            writeln!(f, "\nmissed:")?;
        }
        for figure in self.missed() {
            let goal = figure.goal.map(|goal| goal.to_string()).unwrap_or_default();
            writeln!(f, "  {}: {}, but the goal is {goal}", figure.name, value(figure))?;
        }
        Ok(())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, figure: &Figure) -> fmt::Result {
    let rounds = figure.rounds.as_ref();
    let rate = rounds.map(|it| whole(it.per_second())).unwrap_or_default();
    let millis = |value: Option<f64>| value.map(|it| format!("{it:.2}")).unwrap_or_default();
    let p50 = millis(rounds.and_then(super::rounds::Rounds::p50_millis));
    let p99 = millis(rounds.and_then(super::rounds::Rounds::p99_millis));
    let goal = figure.goal.map(|goal| goal.to_string()).unwrap_or_default();
    let met = match figure.is_met() {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    let row = format!(
        "{:24} {rate:>22} {:>24} {p50:>9} {p99:>9}  {goal:9} {met}",
        figure.name,
        value(figure)
    );
    writeln!(f, "{}", row.trim_end())
}

fn value(figure: &Figure) -> String {
    figure.value.map_or_else(String::new, |(unit, Spread { least, median, most })| {
        format!("{median:.2}{} ({least:.2} - {most:.2})", unit.symbol())
    })
}

fn whole(Spread { least, median, most }: Spread) -> String {
    format!("{median:.0} ({least:.0} - {most:.0})")
}

/// What is less than the system can count is left out.
fn parts(parts: &[(&'static str, f64)]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .filter(|(_, micros)| *micros >= 0.1)
        .map(|(name, micros)| format!("{name} {micros:.1} µs"))
        .collect();
    if parts.is_empty() { "not measured".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::super::figure::Unit;
    use super::super::rounds::{Round, Rounds};
    use super::*;
    use crate::measure::goal::Goal;
    use crate::measure::other_load::OtherLoad;
    use crate::measure::turn::{Sent, Turn};

    #[test]
    fn the_table_shows_which_goals_are_met() {
        let report = report(vec![
            Figure::ratio("warm_read", rounds(&[(100.0, 80.0)])).with_goal(Goal::AtLeast(0.8)),
            memory(60.0),
        ]);
        assert!(report.meets_all_goals());
        let text = report.to_string();
        let lines: Vec<_> = text.lines().map(|line| line.replace("  ", " ")).collect();
        assert!(
            lines.iter().any(|it| it.starts_with("warm_read ") && it.ends_with("met")),
            "{text}"
        );
        assert!(text.contains("60.00 MiB") && text.contains("all goals are met"), "{text}");
    }

    #[test]
    fn a_goal_that_is_missed_is_shown_and_named_again_at_the_end() {
        let report = report(vec![memory(64.0)]);
        assert!(!report.meets_all_goals());
        let text = report.to_string();
        assert!(text.contains("MISSED"), "{text}");
        assert!(
            text.ends_with("warm_read_memory: 64.00 MiB (64.00 - 64.00), but the goal is < 64\n")
        );
    }

    #[test]
    fn what_could_not_be_measured_is_no_success() {
        let mut report = report(vec![]);
        report.failures.push((Name::Convert, anyhow!("3 with a status of 400 or more")));
        assert!(!report.meets_all_goals());
        assert!(report.to_string().contains("convert could not be measured: 3 with a status"));
        assert_eq!(report.json()["convert"]["met"], false);
    }

    #[test]
    fn rounds_that_disagree_are_told_one_by_one() {
        let agreeing = report(vec![Figure::ratio("cold_read", rounds(&[(100.0, 80.0); 2]))]);
        assert!(!agreeing.to_string().contains("disagree"));
        let pairs = [(100.0, 80.0), (50.0, 40.0)];
        let text = report(vec![Figure::ratio("cold_read", rounds(&pairs))]).to_string();
        assert!(text.contains("cold_read: the rounds disagree"), "{text}");
        assert!(text.contains("round 2: limit 50, service 40; others: 0.00 processors"), "{text}");
    }

    #[test]
    fn the_json_has_all_figures_by_name() {
        let figure = Figure::ratio("cold_read", rounds(&[(100.0, 80.0), (100.0, 90.0)]));
        let json = report(vec![figure.with_goal(Goal::AtLeast(0.9)), memory(10.0)]).json();
        let expected = json!({
            "rps": 85.0, "limit": "pgbench", "limit_rps": 100.0, "limit_spread": [100.0, 100.0],
            "p50_ms": null, "p99_ms": null, "cpu_us": {"service": 14.0},
            "limit_cpu_us": {"service": 14.0}, "ratio": 0.85, "spread": [0.8, 0.9], "goal": 0.9,
            "met": false,
        });
        assert_eq!(json["cold_read"], expected);
        let expected = json!({"mib": 10.0, "spread": [10.0, 10.0], "goal": 64.0, "met": true});
        assert_eq!(json["warm_read_memory"], expected);
    }

    fn report(figures: Vec<Figure>) -> Report {
        Report { time_of_sync: Duration::ZERO, figures, failures: Vec::new() }
    }

    fn memory(mib: f64) -> Figure {
        Figure::of("warm_read_memory", Unit::Mebibytes, Spread::of([mib]))
            .with_goal(Goal::Under(64.0))
    }

    fn rounds(pairs: &[(f64, f64)]) -> Rounds {
        let turn = |per_second| Turn {
            sent: Sent { requests: 100, per_second, p50: None, p99: None },
            cpu_micros: vec![("service", 14.0)],
        };
        let rounds = pairs.iter().map(|(limit, service)| Round {
            limit: Some(("pgbench", turn(*limit))),
            service: turn(*service),
            other: OtherLoad::default(),
        });
        Rounds(rounds.collect())
    }
}
