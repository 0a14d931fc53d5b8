use std::collections::BTreeSet;
use std::fmt;

use super::Counts;

/// By how much a count may differ from its baseline, in percent.
const MARGIN: u64 = 5;

/// What was counted, beside the baseline.
pub(super) struct Comparison<'c>(Vec<Row<'c>>);

/// A part; a number is missing if the part is new, or gone.
struct Row<'c> {
    part: &'c str,
    before: Option<u64>,
    now: Option<u64>,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    AsBefore,
    More,
    Fewer,
    New,
    Gone,
}

impl<'c> Comparison<'c> {
    pub(super) fn of(before: &'c Counts, now: &'c Counts) -> Self {
        let parts: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        let row = |part: &'c String| Row {
            part,
            before: before.get(part).copied(),
            now: now.get(part).copied(),
        };
        Self(parts.into_iter().map(row).collect())
    }

    /// Whether each part is there, and takes no more than before.
    pub(super) fn is_fine(&self) -> bool {
        self.0.iter().all(|row| matches!(row.verdict(), Verdict::AsBefore | Verdict::Fewer))
    }
}

impl Row<'_> {
    fn verdict(&self) -> Verdict {
        match (self.before, self.now) {
            (None, _) => Verdict::New,
            (_, None) => Verdict::Gone,
            (Some(before), Some(now)) if now * 100 > before * (100 + MARGIN) => Verdict::More,
            (Some(before), Some(now)) if now * 100 < before * (100 - MARGIN) => Verdict::Fewer,
            _ => Verdict::AsBefore,
        }
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32} {:>12} {:>12}", "instructions", "before", "now")?;
        for row in &self.0 {
            let number = |count: Option<u64>| count.map_or("-".to_owned(), |it| it.to_string());
            let (before, now) = (number(row.before), number(row.now));
            let verdict = match row.verdict() {
                Verdict::AsBefore => String::new(),
                Verdict::More => format!("  MORE than {MARGIN} % above"),
                Verdict::Fewer => format!("  more than {MARGIN} % below: --update the baseline"),
                Verdict::New => "  NOT in the baseline".to_owned(),
                Verdict::Gone => "  GONE, and still in the baseline".to_owned(),
            };
            writeln!(f, "{:<32} {before:>12} {now:>12}{verdict}", row.part)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(before: Option<u64>, now: Option<u64>) -> Verdict {
        Row { part: "read", before, now }.verdict()
    }

    #[test]
    fn a_count_may_differ_by_the_margin_either_way() {
        for (now, expected) in [
            (9_499, Verdict::Fewer),
            (9_500, Verdict::AsBefore),
            (10_000, Verdict::AsBefore),
            (10_500, Verdict::AsBefore),
            (10_501, Verdict::More),
        ] {
            assert_eq!(verdict(Some(10_000), Some(now)), expected, "{now}");
        }
    }

    #[test]
    fn a_part_that_takes_more_is_named_with_both_numbers() {
        let before = Counts::from([("read".to_owned(), 100), ("verify".to_owned(), 100)]);
        let now = Counts::from([("read".to_owned(), 106), ("verify".to_owned(), 90)]);
        let comparison = Comparison::of(&before, &now);
        assert!(!comparison.is_fine());
        let told = comparison.to_string();
        let read = told.lines().find(|line| line.starts_with("read")).unwrap();
        assert!(["100", "106", "MORE"].iter().all(|it| read.contains(it)), "{read}");
        assert!(Comparison::of(&now, &before).0[0].verdict() == Verdict::Fewer);
    }

    #[test]
    fn a_part_without_a_baseline_and_a_baseline_without_a_part_are_not_fine() {
        let (none, one) = (Counts::new(), Counts::from([("read".to_owned(), 100)]));
        assert!(Comparison::of(&one, &one).is_fine());
        assert!(!Comparison::of(&none, &one).is_fine());
        assert!(!Comparison::of(&one, &none).is_fine());
        assert_eq!(verdict(None, Some(1)), Verdict::New);
        assert_eq!(verdict(Some(1), None), Verdict::Gone);
    }
}
