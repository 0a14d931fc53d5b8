use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::goals::{P99_RATIO, missed};
use super::plans::Statement;
use super::server::SETTINGS;
use super::site::Size;
use super::turns::{Loops, Measured};
use crate::statistics::Spread;

/// Rounds in which the first size's rate differs by more than this share of its median tell of the machine.
const LARGEST_DISAGREEMENT: f64 = 0.15;

/// What was measured, in tables of Markdown.
pub struct Report {
    /// How long the disk takes to sync a page, before anything is measured.
    pub(super) time_of_sync: Duration,
    /// Each size, and the statements of the service on it.
    pub(super) sizes: Vec<(Size, Vec<Statement>)>,
    pub(super) measured: Vec<Measured>,
}

impl Report {
    /// Whether no goal is missed.
    #[must_use]
    pub fn meets_all_goals(&self) -> bool {
        missed(&self.sizes, &self.measured).is_empty()
    }

    /// All figures by their names, as JSON.
    #[must_use]
    pub fn json(&self) -> Json {
        let kinds = self.measured.iter().map(|it| (it.kind.name().to_owned(), self.json_of(it)));
        Json::Object(kinds.collect())
    }

    fn json_of(&self, measured: &Measured) -> Json {
        let of_size = |(at, (size, _)): (usize, &(Size, _))| {
            let ratio = measured.p99_to_first(at);
            let json = json!({
                "rps": measured.rate_of(at).median,
                "rps_ratio": measured.rate_to_first(at).median,
                "p50_ms": measured.of_size(at, p50).median,
                "p99_ms": measured.of_size(at, p99).median,
                "p99_ratio": ratio.median,
                "p99_spread": [ratio.least, ratio.most],
                "goal": P99_RATIO.number(),
                "met": P99_RATIO.is_met_by(ratio.median),
            });
            (size.chats.to_string(), json)
        };
        let sizes: Map<_, _> = self.sizes.iter().enumerate().map(of_size).collect();
        json!({"per_second": measured.per_second, "sizes": sizes})
    }

    fn write_sizes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, _)) = self.sizes.first() else { return Ok(()) };
        let names: Vec<_> = first.indexes.iter().map(|(name, _)| format!("`{name}`")).collect();
        writeln!(f, "| chats | the table | {} | all | seeded in |", names.join(" | "))?;
        writeln!(f, "|{}", " --- |".repeat(names.len() + 4))?;
        for (size, _) in &self.sizes {
            let indexes: Vec<_> = size.indexes.iter().map(|(_, bytes)| mebibytes(*bytes)).collect();
            writeln!(
                f,
                "| {} | {} | {} | {} | {:.1} s |",
                thousands(size.chats),
                mebibytes(size.table_bytes),
                indexes.join(" | "),
                mebibytes(size.total_bytes()),
                size.seeded_in.as_secs_f64()
            )?;
        }
        Ok(())
    }

    fn write_measured(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.measured.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| | chats | closed loop | to the first | open loop at | p50 | p99 | to the first | PostgreSQL |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        )?;
        for measured in &self.measured {
            for (at, (size, _)) in self.sizes.iter().enumerate() {
                writeln!(
                    f,
                    "| {} | {} | {:.0}/s | {} | {}/s | {:.2} ms | {:.2} ms | {} | {:.1} µs |",
                    measured.kind,
                    thousands(size.chats),
                    measured.rate_of(at).median,
                    spread(measured.rate_to_first(at)),
                    measured.per_second,
                    measured.of_size(at, p50).median,
                    measured.of_size(at, p99).median,
                    spread(measured.p99_to_first(at)),
                    measured.of_size(at, micros_of_postgres).median,
                )?;
            }
        }
        Ok(())
    }

    /// Each statement with its plan, and the most buffers that it touched with each size that has this plan.
    fn write_statements(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (at, (_, statements)) in self.sizes.iter().enumerate() {
            for statement in statements {
                let row = rows.entry((statement.in_short(), statement.nodes())).or_default();
                row.resize(at, String::new());
                row.push(statement.most_buffers.to_string());
            }
        }
        let sizes = self
            .sizes
            .iter()
            .map(|(size, _)| format!(" buffers, {} chats |", thousands(size.chats)));
        let columns = self.sizes.len();
        writeln!(f, "\n| statement | plan |{}", sizes.collect::<String>())?;
        writeln!(f, "| --- | --- |{}", " --- |".repeat(columns))?;
        for ((statement, plan), mut buffers) in rows {
            buffers.resize(columns, String::new());
            writeln!(f, "| `{statement}` | {plan} | {} |", buffers.join(" | "))?;
        }
        self.write_plans(f)
    }

    /// In PostgreSQL's words.
    fn write_plans(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (size, statements) in &self.sizes {
            for statement in statements {
                let (chats, times) = (thousands(size.chats), statement.executions);
                writeln!(f, "\n{chats} chats, {times} times: {}", statement.text)?;
                statement.plan.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
            }
        }
        Ok(())
    }

    /// Each round for itself, where the first size was not always the same: something else was running.
    fn write_disagreement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measured in &self.measured {
            let Spread { least, median, most } = measured.rate_of(0);
            if (most - least) / median <= LARGEST_DISAGREEMENT {
                continue;
            }
            writeln!(f, "\n{}: the rounds disagree. What ran besides:", measured.kind)?;
            for (number, round) in measured.rounds.iter().enumerate() {
                let rates: Vec<_> = round.of_sizes.iter().map(rate).collect();
                writeln!(f, "  round {}: {rates:.0?}/s; others: {}", number + 1, round.other)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "PostgreSQL with {SETTINGS}, all else as by default;")?;
        writeln!(
            f,
            "a sync of the disk takes {:.2?}, while nothing else is done\n",
            self.time_of_sync
        )?;
        self.write_sizes(f)?;
        self.write_measured(f)?;
        self.write_statements(f)?;
        self.write_disagreement(f)?;
        let missed = missed(&self.sizes, &self.measured);
        if missed.is_empty() {
            return writeln!(f, "\nall goals are met");
        }
        writeln!(f, "\nmissed:")?;
        missed.iter().try_for_each(|goal| writeln!(f, "  {goal}"))
    }
}

fn rate(loops: &Loops) -> f64 {
    loops.closed.sent.per_second
}

fn p50(loops: &Loops) -> Option<f64> {
    loops.open.sent.p50.map(|time| time.as_secs_f64() * 1e3)
}

fn p99(loops: &Loops) -> Option<f64> {
    loops.open.sent.p99.map(|time| time.as_secs_f64() * 1e3)
}

fn micros_of_postgres(loops: &Loops) -> Option<f64> {
    let mut parts = loops.closed.cpu_micros.iter();
    parts.find_map(|(name, micros)| (*name == "PostgreSQL").then_some(*micros))
}

fn spread(Spread { least, median, most }: Spread) -> String {
    format!("{median:.2} ({least:.2} – {most:.2})")
}

/// As `10,000,000`.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[expect(clippy::cast_precision_loss, reason = "no more than a decimal is told")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([7, 100, 1_000, 10_000_000].map(thousands), ["7", "100", "1,000", "10,000,000"]);
    }

    #[test]
    fn bytes_are_told_in_mebibytes() {
        assert_eq!([0, 1 << 20, 1_600_000].map(mebibytes), ["0.0 MiB", "1.0 MiB", "1.5 MiB"]);
    }
}
