use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Evidence, Rule, Violation};
use crate::deployment::{Room, Row};

/// Each ready chat has a room that exists, is of its audience, and carries it.
pub(super) fn of_ready_chats_carry_them(rows: &[Row], rooms: &[Room]) -> Vec<Violation> {
    let rooms: BTreeMap<_, _> = rooms.iter().map(|room| (room.id, room)).collect();
    let carries = |row: &Row| {
        let room = row.event_room_id.and_then(|room| rooms.get(&room));
        room.is_some_and(|room| room.classroom_id == row.id && room.audience == row.audience)
    };
    let without = rows.iter().filter(|row| row.is_ready && !carries(row));
    without
        .map(|row| {
            let room = row.event_room_id.and_then(|room| rooms.get(&room));
            Violation::of(Rule::Rooms, &row.scope, format!("{row:?} stands on {room:?}"))
        })
        .collect()
}

/// No chat is opening, and each room is that of a ready chat, unless others opened it and nobody
/// converted it.
pub(super) fn are_not_half_made(evidence: &Evidence) -> Vec<Violation> {
    let Evidence { rows, rooms, rooms_before, .. } = evidence;
    let opening = rows.iter().filter(|row| !row.is_ready).map(|row| {
        Violation::of(Rule::NothingHalfMade, &row.scope, format!("it is opening: {row:?}"))
    });

    let ready: BTreeSet<(Uuid, Option<Uuid>)> =
        rows.iter().filter(|row| row.is_ready).map(|row| (row.id, row.event_room_id)).collect();
    let before: BTreeSet<Uuid> = rooms_before.iter().map(|room| room.classroom_id).collect();
    let is_known = |room: &Room| {
        ready.contains(&(room.classroom_id, Some(room.id))) || before.contains(&room.classroom_id)
    };
    let orphans = rooms.iter().filter(|room| !is_known(room)).map(|room| {
        let row = rows.iter().find(|row| row.id == room.classroom_id);
        let what = format!("no chat stands on {room:?}; the chat that it carries is {row:?}");
        let scope = row.map(|row| row.scope.clone());
        Violation { rule: Rule::NothingHalfMade, what, scope }
    });
    opening.chain(orphans).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{id, room, row};
    use super::*;
    use crate::crash::clients::RoomBefore;

    #[test]
    fn a_ready_chat_without_its_room_is_noticed() {
        let violations = |room| of_ready_chats_carry_them(&[row(1, "a")], &[room]).len();
        assert_eq!(violations(room(1)), 0);
        assert_eq!(violations(room(2)), 1);
        assert_eq!(violations(Room { classroom_id: id(2), ..room(1) }), 1);
        assert_eq!(violations(Room { audience: "other.example.org".to_owned(), ..room(1) }), 1);
    }

    fn half_made(rows: Vec<Row>, rooms: Vec<Room>) -> usize {
        let before = RoomBefore { id: Some(id(109)), classroom_id: id(9), is_strange: false };
        are_not_half_made(&Evidence {
            records: Vec::new(),
            troubles: Vec::new(),
            rooms_before: vec![before],
            rows,
            rooms,
        })
        .len()
    }

    #[test]
    fn a_chat_that_is_still_opening_is_noticed() {
        assert_eq!(half_made(vec![row(1, "a")], vec![room(1)]), 0);
        let opening = Row { is_ready: false, event_room_id: None, ..row(1, "a") };
        assert_eq!(half_made(vec![opening], Vec::new()), 1);
    }

    #[test]
    fn a_room_without_its_chat_is_noticed() {
        assert_eq!(half_made(Vec::new(), vec![room(1)]), 1);
        // A second room for one chat.
        let second = Room { id: id(200), ..room(1) };
        assert_eq!(half_made(vec![row(1, "a")], vec![room(1), second]), 1);
        // One that others opened, and nobody converted.
        assert_eq!(half_made(Vec::new(), vec![room(9)]), 0);
    }
}
