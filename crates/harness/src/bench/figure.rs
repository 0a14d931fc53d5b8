use serde_json::{Map, Value as Json, json};

use super::rounds::Rounds;
use crate::measure::goal::Goal;
use crate::statistics::Spread;

/// Something measured, and what it was to be.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: Option<(Unit, Spread)>,
    pub(super) goal: Option<Goal>,
    /// What else is to be known to read it.
    pub(super) note: String,
    pub(super) rounds: Option<Rounds>,
}

/// What a value is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Ratio,
    Mebibytes,
    Milliseconds,
}

impl Figure {
    /// How fast something is, compared with nothing.
    pub(super) fn rate(name: &'static str, rounds: Rounds) -> Self {
        Self { name, value: None, goal: None, note: String::new(), rounds: Some(rounds) }
    }

    /// How much of the limit the service reached.
    pub(super) fn ratio(name: &'static str, rounds: Rounds) -> Self {
        let value = Some((Unit::Ratio, rounds.ratio()));
        Self { value, ..Self::rate(name, rounds) }
    }

    /// A value that goes with the figure before it.
    pub(super) fn of(name: &'static str, unit: Unit, value: Spread) -> Self {
        Self { name, value: Some((unit, value)), goal: None, note: String::new(), rounds: None }
    }

    pub(super) fn with_goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    pub(super) fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Whether the median is as it is to be, if there is a goal.
    pub(super) fn is_met(&self) -> Option<bool> {
        let goal = self.goal?;
        Some(self.value.is_some_and(|(_, value)| goal.is_met_by(value.median)))
    }

    pub(super) fn json(&self) -> Json {
        let mut json = Map::new();
        let mut put = |name: &str, value: Json| drop(json.insert(name.to_owned(), value));
        if let Some(rounds) = &self.rounds {
            put("rps", json!(rounded(rounds.per_second().median)));
            if let Some(limit) = rounds.limit_per_second() {
                put("limit", json!(rounds.limits()));
                put("limit_rps", json!(rounded(limit.median)));
                put("limit_spread", json!([rounded(limit.least), rounded(limit.most)]));
            }
            put("p50_ms", json!(rounds.p50_millis().map(rounded)));
            put("p99_ms", json!(rounds.p99_millis().map(rounded)));
            put("cpu_us", micros(&rounds.cpu_micros()));
            put("limit_cpu_us", micros(&rounds.limit_cpu_micros()));
        }
        if let Some((unit, value)) = self.value {
            put(unit.name(), json!(rounded(value.median)));
            put("spread", json!([rounded(value.least), rounded(value.most)]));
        }
        if let (Some(goal), Some(met)) = (self.goal, self.is_met()) {
            put("goal", json!(goal.number()));
            put("met", json!(met));
        }
        if !self.note.is_empty() {
            put("note", json!(self.note));
        }
        Json::Object(json)
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Mebibytes => "mib",
            Self::Milliseconds => "ms",
        }
    }

    /// As it stands after a number.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Ratio => "",
            Self::Mebibytes => " MiB",
            Self::Milliseconds => " ms",
        }
    }
}

/// To a thousandth: none of the figures is more exact.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn micros(parts: &[(&'static str, f64)]) -> Json {
    let parts = parts.iter().map(|(name, micros)| ((*name).to_owned(), json!(rounded(*micros))));
    Json::Object(parts.collect())
}
