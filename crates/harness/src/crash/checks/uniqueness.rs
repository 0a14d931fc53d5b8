use std::collections::BTreeSet;

use super::{Rule, Violation};
use crate::deployment::Row;

/// No two chats have the same key, nor the same room.
pub(super) fn of_keys_and_rooms(rows: &[Row]) -> Vec<Violation> {
    let (mut keys, mut rooms) = (BTreeSet::new(), BTreeSet::new());
    let mut violations = Vec::new();
    for row in rows {
        let mut note = |what: &str| {
            let what = format!("{what} {row:?}");
            violations.push(Violation::of(Rule::Uniqueness, &row.scope, what));
        };
        if !keys.insert((&row.audience, &row.scope)) {
            note("another chat has the key of");
        }
        if row.event_room_id.is_some_and(|room| !rooms.insert(room)) {
            note("another chat has the room of");
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::sample::row;
    use super::*;

    #[test]
    fn a_key_or_a_room_that_two_chats_have_is_noticed() {
        let rows = [row(1, "a"), row(2, "b")];
        assert_eq!(of_keys_and_rooms(&rows).len(), 0);
        assert_eq!(of_keys_and_rooms(&[row(1, "a"), row(2, "a")]).len(), 1);

        let same_room = Row { event_room_id: row(1, "a").event_room_id, ..row(2, "b") };
        assert_eq!(of_keys_and_rooms(&[row(1, "a"), same_room]).len(), 1);

        let other_audience = Row { audience: "other.example.org".to_owned(), ..row(2, "a") };
        assert_eq!(of_keys_and_rooms(&[row(1, "a"), other_audience]).len(), 0);
    }
}
