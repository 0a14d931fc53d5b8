use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Rule, Violation};
use crate::crash::record::Record;

/// Where every request for a key was refused, there is no chat; where every request for a room was, or
/// the room is another tenant's, it is as it was before.
///
/// What else a refused request may leave, a room that no chat stands on, is looked for in all rooms.
pub(super) fn left_nothing(evidence: &Evidence) -> Vec<Violation> {
    let refused = refused_scopes(&evidence.records);
    let chats =
        evidence.rows.iter().filter(|row| refused.contains(row.scope.as_str())).map(|row| {
            let what = format!("all that asked for it were refused, but there is {row:?}");
            Violation::of(Rule::Refusals, &row.scope, what)
        });

    let converts =
        evidence.records.iter().filter_map(|record| Some((record.post()?.room?, record)));
    let asked_in_vain = all_refused(converts);
    let carries: BTreeMap<_, _> =
        evidence.rooms.iter().map(|room| (room.id, room.classroom_id)).collect();
    let rooms = evidence.rooms_before.iter().filter_map(|before| {
        let id = before.id?;
        let is_to_be_untouched = before.is_strange || asked_in_vain.contains(&id);
        let is_untouched = carries.get(&id) == Some(&before.classroom_id);
        (is_to_be_untouched && !is_untouched).then(|| {
            let what = format!("{before:?} was refused, but carries {:?}", carries.get(&id));
            Violation::new(Rule::Refusals, what)
        })
    });
    chats.chain(rooms).collect()
}

/// The keys that were asked for, each time in vain.
pub(crate) fn refused_scopes(records: &[Record]) -> BTreeSet<&str> {
    all_refused(records.iter().filter_map(|it| Some((it.post()?.scope.as_str(), it))))
}

/// What each request for it was refused.
fn all_refused<'a, T: Ord + Copy>(
    records: impl Iterator<Item = (T, &'a Record)> + Clone,
) -> BTreeSet<T> {
    let mut refused: BTreeSet<_> = records.clone().map(|(wanted, _)| wanted).collect();
    for (wanted, _) in records.filter(|(_, record)| !record.answer.is_refusal()) {
        refused.remove(&wanted);
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::super::sample::{acknowledged, asked, chat, id, post, problem, room, row};
    use super::*;
    use crate::crash::clients::RoomBefore;
    use crate::crash::record::{Answer, Post};
    use crate::deployment::{Room, Row};

    fn left(records: Vec<Record>, rows: Vec<Row>, rooms: Vec<Room>, is_strange: bool) -> usize {
        let rooms_before = vec![RoomBefore { id: Some(id(109)), classroom_id: id(9), is_strange }];
        left_nothing(&Evidence { records, troubles: Vec::new(), rooms_before, rows, rooms }).len()
    }

    #[test]
    fn a_chat_that_was_refused_and_is_there_is_noticed() {
        let refused = asked(post("a"), problem(502, "event_service_rejected"));
        let left = |records, rows| left(records, rows, vec![room(9)], false);
        assert_eq!(left(vec![refused.clone()], Vec::new()), 0);
        assert_eq!(left(vec![refused.clone()], vec![row(1, "a")]), 1);
        // Unless someone else had it, or does not know.
        for answer in [acknowledged(201, chat(1, "a")), Answer::Left] {
            let other = asked(post("a"), answer);
            assert_eq!(left(vec![refused.clone(), other], vec![row(1, "a")]), 0);
        }
    }

    #[test]
    fn a_room_that_was_refused_and_bound_is_noticed() {
        let convert = Post { room: Some(id(109)), ..post("a") };
        let bound = Room { classroom_id: id(1), ..room(9) };
        let left = |answer, room, is_strange| {
            left(vec![asked(convert.clone(), answer)], Vec::new(), vec![room], is_strange)
        };
        let refused = problem(502, "event_service_rejected");
        assert_eq!(left(refused.clone(), room(9), false), 0);
        assert_eq!(left(refused, bound.clone(), false), 1);
        assert_eq!(left(Answer::Left, bound.clone(), false), 0);
        // Another tenant's is never touched.
        assert_eq!(left(Answer::Left, bound, true), 1);
    }
}
