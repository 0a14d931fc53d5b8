use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Evidence, Rule, Violation};
use crate::crash::record::{Post, Record};
use crate::deployment::{OUR_AUDIENCE, Row};

/// Each chat is what some request asked for, and not a mixture of several: also one whose answer never
/// came.
pub(super) fn are_what_became_chats(evidence: &Evidence) -> Vec<Violation> {
    let before: BTreeSet<Uuid> = evidence.rooms_before.iter().filter_map(|room| room.id).collect();
    let mut posts: BTreeMap<&str, Vec<&Post>> = BTreeMap::new();
    for post in evidence.records.iter().filter_map(Record::post) {
        posts.entry(&post.scope).or_default().push(post);
    }
    let was_asked_for = |row: &Row| {
        let posts = posts.get(row.scope.as_str());
        posts.is_some_and(|posts| posts.iter().any(|post| is_what_was_asked(row, post, &before)))
    };
    let unasked = evidence.rows.iter().filter(|row| !was_asked_for(row));
    unasked
        .map(|row| Violation::of(Rule::Wishes, &row.scope, format!("nobody asked for {row:?}")))
        .collect()
}

/// Whether the chat has the tags, and stands on the room, or on one that was not there before.
fn is_what_was_asked(row: &Row, post: &Post, before: &BTreeSet<Uuid>) -> bool {
    let is_the_room = match post.room {
        Some(_) => row.event_room_id == post.room,
        None => row.event_room_id.is_none_or(|room| !before.contains(&room)),
    };
    row.audience == OUR_AUDIENCE && row.tags == post.tags && is_the_room
}

#[cfg(test)]
mod tests {
    use super::super::sample::{asked, id, post, row};
    use super::*;
    use crate::crash::clients::RoomBefore;
    use crate::crash::record::Answer;

    /// How many of these chats nobody asked for. The room 109 was opened by others.
    fn unasked(posts: Vec<Post>, row: Row) -> usize {
        let before = RoomBefore { id: Some(id(109)), classroom_id: id(9), is_strange: false };
        are_what_became_chats(&Evidence {
            records: posts.into_iter().map(|post| asked(post, Answer::Left)).collect(),
            troubles: Vec::new(),
            rooms_before: vec![before],
            rows: vec![row],
            rooms: Vec::new(),
        })
        .len()
    }

    #[test]
    fn a_chat_that_nobody_asked_for_is_noticed() {
        assert_eq!(unasked(vec![post("a")], row(1, "a")), 0);
        assert_eq!(unasked(vec![post("a")], row(1, "b")), 1);
        let elsewhere = Row { audience: "other.example.org".to_owned(), ..row(1, "a") };
        assert_eq!(unasked(vec![post("a")], elsewhere), 1);
    }

    #[test]
    fn tags_that_nobody_gave_are_noticed() {
        let without = Post { tags: None, ..post("a") };
        assert_eq!(unasked(vec![without.clone()], row(1, "a")), 1);
        assert_eq!(unasked(vec![without.clone()], Row { tags: None, ..row(1, "a") }), 0);
        assert_eq!(unasked(vec![without, post("a")], row(1, "a")), 0);
    }

    #[test]
    fn a_room_that_nobody_gave_is_noticed() {
        let convert = Post { room: Some(id(109)), ..post("a") };
        let converted = Row { event_room_id: Some(id(109)), ..row(1, "a") };
        assert_eq!(unasked(vec![convert.clone()], converted.clone()), 0);
        // A create got the room of others, and a convert a new one.
        assert_eq!(unasked(vec![post("a")], converted.clone()), 1);
        assert_eq!(unasked(vec![convert.clone()], row(1, "a")), 1);
        // The tags of one request, the room of another.
        let other_tags = Post { tags: None, ..post("a") };
        let mixed = Row { tags: None, ..converted };
        assert_eq!(unasked(vec![convert, other_tags], mixed), 1);
    }
}
