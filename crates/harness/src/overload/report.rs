use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::flood::{FOR_CREATES, FOR_READS, Flooded};
use super::goals::{GOODPUT, READS, goodput, goodput_soon, missed, recovery};
use super::stall::{RATES, Stalled};
use crate::measure::kind::Kind;
use crate::statistics::{Spread, percentile};
use crate::steady_load::{Rates, Tally};

/// What was measured, in tables of Markdown.
pub struct Report {
    /// How many processors sent, and how many bore it.
    pub(super) processors: [usize; 2],
    pub(super) length: Duration,
    /// Of each kind, all rounds.
    pub(super) flooded: Vec<(Kind, Vec<Flooded>)>,
    pub(super) stalled: Stalled,
}

impl Report {
    /// Whether no goal is missed.
    #[must_use]
    pub fn meets_all_goals(&self) -> bool {
        missed(&self.flooded, &self.stalled).is_empty()
    }

    /// All figures by their names, as JSON.
    #[must_use]
    pub fn json(&self) -> Json {
        let flooded = self.flooded.iter().map(|(kind, rounds)| {
            let ratio = goodput(rounds);
            let json = json!({
                "peak_rps": median(rounds, |it| it.peak),
                "goodput_rps": median(rounds, |it| it.flood.in_time),
                "ratio": ratio.median,
                "spread": [ratio.least, ratio.most],
                "ratio_within_a_second": goodput_soon(rounds).median,
                "goal": GOODPUT.number(),
                "met": GOODPUT.is_met_by(ratio.median),
                "p99_ms": median(rounds, |it| millis(it.flood.good_p99)),
                "sender_busy": median(rounds, |it| it.sender_busy),
                "shed": median(rounds, shed),
                "shed_p99_ms": median(rounds, |it| millis(it.flood.shed_p99)),
                "recovery_s": recovery(rounds).median,
            });
            (kind.name().to_owned(), json)
        });
        let Stalled { before, meanwhile, after } = &self.stalled;
        let of_stall = |tally: &Tally| {
            json!({
                "create_p99_ms": millis(p99_of_creates(tally)),
                "read_p99_ms": median_millis(&tally.p99),
            })
        };
        let stalled = json!({
            "before": of_stall(before),
            "meanwhile": of_stall(meanwhile),
            "after": of_stall(after),
            "ratio": meanwhile.p99_to(before).median,
            "goal": READS.number(),
            "met": READS.is_met_by(meanwhile.p99_to(before).median),
        });
        let stalled = [("writes_stand_still".to_owned(), stalled)];
        Json::Object(flooded.chain(stalled).collect::<Map<_, _>>())
    }

    fn write_floods(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [senders, rest] = self.processors;
        writeln!(
            f,
            "twice as much as can be answered, for {:?}, on {FOR_CREATES} connections for creates and \
             {FOR_READS} for reads;\nprocessors of the sender: {senders}, of all else: {rest}\n",
            self.length
        )?;
        writeln!(
            f,
            "| | peak | due | answered well within 10 s | of the peak | within 1 s | p99 | refused | p99 | \
             failed | unanswered at the end | oha busy |\n| --- {}|",
            "| --- ".repeat(11)
        )?;
        for (kind, rounds) in &self.flooded {
            writeln!(
                f,
                "| {kind} | {:.0}/s | {:.0}/s | {:.0}/s | {} | {} | {:.0} ms | {} | {:.0} ms | {:.0} | {:.0} | {:.2} |",
                median(rounds, |it| it.peak),
                median(rounds, |it| it.due_per_second.into()),
                median(rounds, |it| it.flood.in_time),
                spread(goodput(rounds)),
                spread(goodput_soon(rounds)),
                median(rounds, |it| millis(it.flood.good_p99)),
                refused(rounds),
                median(rounds, |it| millis(it.flood.shed_p99)),
                median(rounds, |it| count(it.flood.failures.values().sum())),
                median(rounds, |it| count(it.flood.unanswered)),
                median(rounds, |it| it.sender_busy),
            )?;
        }
        writeln!(
            f,
            "\n| at half the peak | p99 before | p99 after | not good after | as before again after |\n\
             | --- | --- | --- | --- | --- |"
        )?;
        for (kind, rounds) in &self.flooded {
            writeln!(
                f,
                "| {kind} | {:.1} ms | {:.1} ms | {} | {} s |",
                median(rounds, |it| millis(it.p99_before)),
                median(rounds, |it| millis(it.p99_after)),
                rounds.iter().map(|it| it.not_good_after).sum::<usize>(),
                spread(recovery(rounds)),
            )?;
        }
        let failures =
            self.flooded.iter().flat_map(|(_, rounds)| rounds).flat_map(|it| &it.flood.failures);
        failures.into_iter().try_for_each(|(what, count)| writeln!(f, "\nfailed: {what}: {count}"))
    }

    fn write_stall(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stalled { before, meanwhile, after } = &self.stalled;
        let Rates { reads_per_second, creates_per_second } = RATES;
        writeln!(
            f,
            "\nwrites stand still for {:?}; {reads_per_second} reads and {creates_per_second} creates a second\n\n\
             | | creates: answers | p50 | p99 | slowest | reads: p99 | to before |\n| --- {}|",
            self.length,
            "| --- ".repeat(6)
        )?;
        for (when, tally) in [("before", before), ("meanwhile", meanwhile), ("after", after)] {
            let [p50, slowest] = tally.p50_and_slowest_create();
            let statuses = tally.statuses().into_iter().map(|(status, count)| {
                let status = status.map_or("none".to_owned(), |status| status.to_string());
                format!("{status}: {count}")
            });
            writeln!(
                f,
                "| {when} | {} | {:.1} ms | {:.0} ms | {:.0} ms | {:.2} ms | {} |",
                statuses.collect::<Vec<_>>().join(", "),
                millis(p50),
                millis(p99_of_creates(tally)),
                millis(slowest),
                median_millis(&tally.p99),
                spread(tally.p99_to(before)),
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_floods(f)?;
        self.write_stall(f)?;
        let missed = missed(&self.flooded, &self.stalled);
        if missed.is_empty() {
            return writeln!(f, "\nall goals are met");
        }
        writeln!(f, "\nmissed:")?;
        missed.iter().try_for_each(|goal| writeln!(f, "  {goal}"))
    }
}

fn median(rounds: &[Flooded], value: impl Fn(&Flooded) -> f64) -> f64 {
    Spread::of(rounds.iter().map(value)).median
}

fn shed(flooded: &Flooded) -> f64 {
    count(flooded.flood.shed.values().map(|count| *count as u64).sum())
}

/// By status, of all rounds.
fn refused(rounds: &[Flooded]) -> String {
    let mut statuses = std::collections::BTreeMap::new();
    for (status, count) in rounds.iter().flat_map(|it| &it.flood.shed) {
        *statuses.entry(status).or_insert(0) += count;
    }
    if statuses.is_empty() {
        return "none".to_owned();
    }
    let statuses = statuses.iter().map(|(status, count)| format!("{status}: {count}"));
    statuses.collect::<Vec<_>>().join(", ")
}

fn p99_of_creates(tally: &Tally) -> Duration {
    percentile(&tally.creates.iter().map(|create| create.took).collect::<Vec<_>>(), 99)
}

fn median_millis(times: &[Duration]) -> f64 {
    Spread::of(times.iter().map(|time| millis(*time))).median
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "there are not so many")]
fn count(count: u64) -> f64 {
    count as f64
}

fn spread(Spread { least, median, most }: Spread) -> String {
    format!("{median:.2} ({least:.2} – {most:.2})")
}
