//! Faults of the event service, by seeded dice.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

/// The longest that a call is delayed.
pub(super) const LONGEST_DELAY: Duration = Duration::from_millis(1_500);

/// What the event service is to do wrong for a while.
pub(super) struct Faults {
    pub(super) faults: Vec<Value>,
    /// Whether some calls will be refused.
    pub(super) refuse: bool,
}

impl Faults {
    /// None, or up to three.
    pub(super) fn any(dice: &mut Rng) -> Self {
        let faults: Vec<_> = (0..dice.usize(0..=3)).map(|_| any_fault(dice)).collect();
        let refuse = faults.iter().any(|fault| fault["fault"] == "refuse");
        Self { faults, refuse }
    }
}

fn any_fault(dice: &mut Rng) -> Value {
    let when = one_of(dice, &["before_work", "after_work"]);
    let mut fault = match dice.usize(0..9) {
        0 => {
            let longest = u64::try_from(LONGEST_DELAY.as_millis()).unwrap_or(u64::MAX);
            json!({"fault": "delay", "millis": dice.u64(20..=longest)})
        }
        // Lasting refusals, and one that may pass.
        1 | 2 => {
            let refusals = [
                (400, "invalid_payload"),
                (403, "access_denied"),
                (422, "invalid_room_time"),
                (422, "database_connection_acquisition_failed"),
            ];
            let (status, kind) = refusals[dice.usize(0..refusals.len())];
            json!({"fault": "refuse", "status": status, "type": kind})
        }
        3 => {
            let (status, kind) =
                [(500, None), (503, None), (422, Some("database_query_failed"))][dice.usize(0..3)];
            let mut fault = json!({"fault": "fail", "status": status, "when": when});
            if let Some(kind) = kind {
                fault["type"] = json!(kind);
            }
            fault
        }
        4 | 5 => json!({"fault": "cut", "when": when}),
        6 => json!({"fault": "truncate"}),
        7 => json!({"fault": "garble"}),
        _ => json!({"fault": "hang", "when": when}),
    };
    fault["on"] = json!(one_of(dice, &["any", "open", "open", "bind", "bind", "find"]));
    if dice.usize(0..6) > 0 {
        fault["times"] = json!(dice.u32(1..=20));
    }
    fault
}

fn one_of<'a>(dice: &mut Rng, words: &[&'a str]) -> &'a str {
    words[dice.usize(0..words.len())]
}
