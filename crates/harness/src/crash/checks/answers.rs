use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::{Evidence, Rule, Violation};
use crate::crash::record::{Answer, Ask, Expected, Post, Record};
use crate::crash::timeline::Trouble;

/// The deadline of these runs is three seconds; a busy machine may take longer.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// Each answer is one that the API has for such a request at such a time.
pub(super) fn are_those_of_the_api(evidence: &Evidence) -> Vec<Violation> {
    let context = Context::of(evidence);
    let wrong = evidence.records.iter().filter(|record| !context.allows(record));
    wrong
        .map(|record| {
            let (what, scope) = (record.to_string(), record.scope().cloned());
            Violation { rule: Rule::Answers, what, scope }
        })
        .collect()
}

/// What explains answers that are not the expected ones.
struct Context<'a> {
    evidence: &'a Evidence,
    /// All that was asked for by a key.
    by_scope: BTreeMap<&'a str, Vec<&'a Post>>,
    /// The keys that a room is wanted for, or acknowledged for.
    by_room: BTreeMap<Uuid, BTreeSet<&'a str>>,
    /// The chats that there are in the end, by their keys.
    chats: BTreeMap<&'a str, Uuid>,
    /// The rooms of our audience.
    our_rooms: BTreeSet<Uuid>,
}

impl<'a> Context<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let ours = evidence.rooms_before.iter().filter(|room| !room.is_strange);
        let mut context = Self {
            evidence,
            by_scope: BTreeMap::new(),
            by_room: BTreeMap::new(),
            chats: evidence.rows.iter().map(|row| (row.scope.as_str(), row.id)).collect(),
            our_rooms: ours.filter_map(|room| room.id).collect(),
        };
        for record in &evidence.records {
            let Some(post) = record.post() else { continue };
            context.by_scope.entry(&post.scope).or_default().push(post);
            let acknowledged = record.acknowledged().and_then(|(_, _, chat)| chat.room());
            for room in [post.room, acknowledged].into_iter().flatten() {
                context.by_room.entry(room).or_default().insert(&post.scope);
            }
            if post.room.is_none() {
                context.our_rooms.extend(acknowledged);
            }
        }
        context
    }

    fn allows(&self, record: &Record) -> bool {
        if record.span.length() > LONGEST_ANSWER {
            return false;
        }
        match &record.answer {
            Answer::TimedOut | Answer::Strange(_) => false,
            Answer::Left => true,
            Answer::Broken(_) => self.is_during(record, Trouble::Outage(record.instance)),
            Answer::Problem { kind, .. } if kind == "database_unavailable" => {
                self.is_during(record, Trouble::DatabaseOutage)
            }
            answer => match &record.ask {
                Ask::Post(post) => self.allows_to_post(record, post, answer),
                Ask::ReadById(_) | Ask::ReadByScope(_) => {
                    matches!((answer, &record.expected),
                        (Answer::Chat { status: 200, chat }, Expected::Same(same)) if chat == same)
                }
            },
        }
    }

    fn allows_to_post(&self, record: &Record, post: &Post, answer: &Answer) -> bool {
        match (answer, &record.expected) {
            (Answer::Chat { status, chat }, Expected::Same(same)) => *status == 200 && chat == same,
            (Answer::Problem { kind, chat_id, .. }, Expected::Conflict(with)) => {
                kind == "chat_already_exists" && *chat_id == Some(*with)
            }
            (Answer::Chat { chat, .. }, Expected::Anything) => {
                chat.is_what_was_asked(post) && !self.is_strange(post)
            }
            (Answer::Problem { kind, chat_id, .. }, Expected::Anything) => match kind.as_str() {
                // Only a chat that is not ready yet, or not there yet, needs the event service.
                "event_service_unavailable" => true,
                "chat_already_exists" => {
                    let there = self.chats.get(post.scope.as_str());
                    chat_id.is_some() && chat_id.as_ref() == there && self.has_rivals(post)
                }
                "event_room_taken" => self.is_wanted_by_others(post),
                "event_room_not_found" => self.is_strange(post),
                "event_service_rejected" => self.is_during(record, Trouble::Refusals),
                _ => false,
            },
            _ => false,
        }
    }

    fn is_during(&self, record: &Record, trouble: Trouble) -> bool {
        let troubles = &self.evidence.troubles;
        troubles.iter().any(|(it, span)| *it == trouble && span.overlaps(record.span))
    }

    /// Whether anyone asked for something else by the same key.
    fn has_rivals(&self, post: &Post) -> bool {
        self.by_scope.get(post.scope.as_str()).is_some_and(|all| all.iter().any(|it| *it != post))
    }

    /// Whether the room is to carry the chat of another key, or does.
    fn is_wanted_by_others(&self, post: &Post) -> bool {
        let scopes = post.room.and_then(|room| self.by_room.get(&room));
        scopes.is_some_and(|scopes| scopes.iter().any(|scope| *scope != post.scope))
    }

    /// Whether the room to convert is none of our audience.
    fn is_strange(&self, post: &Post) -> bool {
        post.room.is_some_and(|room| !self.our_rooms.contains(&room))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::sample::{acknowledged, asked, chat, id, post, problem, row, seconds};
    use super::*;
    use crate::crash::clients::RoomBefore;
    use crate::crash::record::{Chat, Span};

    /// How many of these answers are wrong. Instance 0 and the database are down, and the event service
    /// refuses, from second 5 to second 6; the room 107 is ours, the room 108 is not; the chat 1 is there
    /// in the end, with the key `a`.
    fn wrong(records: Vec<Record>) -> usize {
        let rooms = [(107, false), (108, true)];
        let evidence = Evidence {
            records,
            troubles: [Trouble::Outage(0), Trouble::DatabaseOutage, Trouble::Refusals]
                .map(|it| (it, seconds(5, 6)))
                .into(),
            rooms_before: rooms
                .map(|(n, is_strange)| RoomBefore {
                    id: Some(id(n)),
                    classroom_id: id(9),
                    is_strange,
                })
                .into(),
            rows: vec![row(1, "a")],
            rooms: Vec::new(),
        };
        are_those_of_the_api(&evidence).len()
    }

    fn conflict(chat_id: Option<Uuid>) -> Answer {
        Answer::Problem { status: 409, kind: "chat_already_exists".to_owned(), chat_id }
    }

    fn at(span: Span, record: Record) -> Record {
        Record { span, ..record }
    }

    #[test]
    fn what_was_asked_for_and_an_opening_that_takes_long_are_good_answers() {
        for answer in [
            acknowledged(201, chat(1, "a")),
            acknowledged(200, chat(1, "a")),
            problem(503, "event_service_unavailable"),
            Answer::Left,
        ] {
            assert_eq!(wrong(vec![asked(post("a"), answer.clone())]), 0, "{answer:?}");
        }
    }

    #[test]
    fn what_the_api_does_not_have_is_wrong() {
        for answer in [
            problem(500, "internal_failure"),
            problem(503, "authorization_unavailable"),
            problem(404, "chat_not_found"),
            Answer::Strange("502 <html>".to_owned()),
            Answer::TimedOut,
            acknowledged(201, chat(1, "b")),
            acknowledged(201, Chat { tags: None, ..chat(1, "a") }),
            acknowledged(201, Chat { real_time: None, ..chat(1, "a") }),
        ] {
            assert_eq!(wrong(vec![asked(post("a"), answer.clone())]), 1, "{answer:?}");
        }
        let late = asked(post("a"), acknowledged(201, chat(1, "a")));
        assert_eq!(wrong(vec![at(seconds(1, 7), late)]), 1);
    }

    #[test]
    fn trouble_is_told_of_only_where_it_was_made() {
        for answer in [
            problem(502, "event_service_rejected"),
            problem(503, "database_unavailable"),
            Answer::Broken("reset".to_owned()),
        ] {
            let record = asked(post("a"), answer);
            assert_eq!(wrong(vec![record.clone()]), 1);
            assert_eq!(wrong(vec![at(seconds(4, 5), record)]), 0);
        }
    }

    #[test]
    fn a_request_whose_time_is_over_does_not_blame_a_database_that_was_there() {
        let unavailable = asked(post("a"), problem(503, "database_unavailable"));
        assert_eq!(wrong(vec![at(seconds(1, 4), unavailable)]), 1);
    }

    #[test]
    fn a_conflict_needs_a_rival() {
        let refused = asked(post("a"), conflict(Some(id(1))));
        let equal = asked(post("a"), acknowledged(201, chat(1, "a")));
        let rival = asked(
            Post { tags: None, ..post("a") },
            acknowledged(201, Chat { tags: None, ..chat(1, "a") }),
        );
        assert_eq!(wrong(vec![refused.clone(), equal]), 1);
        assert_eq!(wrong(vec![refused, rival.clone()]), 0);

        for other in [None, Some(id(2))] {
            let other = conflict(other);
            assert_eq!(wrong(vec![asked(post("a"), other), rival.clone()]), 1);
        }
    }

    #[test]
    fn a_room_is_taken_by_another_key_alone() {
        let convert = |scope: &str| Post { room: Some(id(107)), ..post(scope) };
        let refused = asked(convert("a"), problem(409, "event_room_taken"));
        let lost = |scope: &str| asked(convert(scope), Answer::Left);
        assert_eq!(wrong(vec![refused.clone(), lost("a")]), 1);
        assert_eq!(wrong(vec![refused, lost("b")]), 0);
    }

    #[test]
    fn a_room_of_another_tenant_is_not_there() {
        let convert = |room| Post { room: Some(id(room)), ..post("a") };
        let not_found = problem(422, "event_room_not_found");
        assert_eq!(wrong(vec![asked(convert(108), not_found.clone())]), 0);
        assert_eq!(wrong(vec![asked(convert(107), not_found)]), 1);
        assert_eq!(wrong(vec![asked(convert(107), acknowledged(201, chat(7, "a")))]), 0);
        assert_eq!(wrong(vec![asked(convert(108), acknowledged(201, chat(8, "a")))]), 1);
    }

    #[test]
    fn what_was_acknowledged_is_answered_again_and_again() {
        let known = Arc::new(chat(1, "a"));
        let expecting = |ask: Ask, answer| Record {
            ask,
            expected: Expected::Same(Arc::clone(&known)),
            ..asked(post("a"), answer)
        };
        for ask in [Ask::Post(post("a")), Ask::ReadById(id(1)), Ask::ReadByScope("a".to_owned())] {
            let wrong_for = |answer| wrong(vec![expecting(ask.clone(), answer)]);
            assert_eq!(wrong_for(acknowledged(200, chat(1, "a"))), 0);
            assert_eq!(wrong_for(problem(503, "database_unavailable")), 1);
            assert_eq!(wrong_for(problem(503, "event_service_unavailable")), 1);
            assert_eq!(wrong_for(acknowledged(200, chat(2, "a"))), 1);
            assert_eq!(wrong_for(acknowledged(201, chat(1, "a"))), 1);
            assert_eq!(wrong_for(problem(404, "chat_not_found")), 1);
            assert_eq!(wrong_for(problem(409, "chat_already_exists")), 1);
        }
    }

    #[test]
    fn other_tags_change_nothing() {
        let with = |answer| Record {
            expected: Expected::Conflict(id(1)),
            ..asked(Post { tags: Some(json!({"other": 1})), ..post("a") }, answer)
        };
        assert_eq!(wrong(vec![with(conflict(Some(id(1))))]), 0);
        assert_eq!(wrong(vec![with(conflict(Some(id(2))))]), 1);
        assert_eq!(wrong(vec![with(conflict(None))]), 1);
        assert_eq!(wrong(vec![with(acknowledged(200, chat(1, "a")))]), 1);
        assert_eq!(wrong(vec![with(problem(503, "event_service_unavailable"))]), 1);
    }
}
