use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Rule, Violation};
use crate::crash::record::{Answer, Chat, Post, Record};

/// What was answered `201` or `200`: it stays true for ever.
pub(crate) struct Promises {
    /// One for each key.
    pub(crate) promises: Vec<Promise>,
    /// What was promised in two ways.
    pub(super) contradictions: Vec<Violation>,
}

/// A chat that a POST was answered with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Promise {
    pub(crate) post: Post,
    pub(crate) chat: Arc<Chat>,
}

impl Promises {
    /// The promises in these records. Two for one key must be the same, and one request made the chat.
    pub(crate) fn in_records(records: &[Record]) -> Self {
        let mut promises: BTreeMap<&str, Promise> = BTreeMap::new();
        let mut makers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut contradictions = Vec::new();
        let mut note = |scope: &str, what| {
            contradictions.push(Violation::of(Rule::Promises, scope, what));
        };
        for (post, status, chat) in records.iter().filter_map(Record::acknowledged) {
            let scope = post.scope.as_str();
            let first = promises
                .entry(scope)
                .or_insert_with(|| Promise { post: post.clone(), chat: Arc::clone(chat) });
            if first.chat != *chat {
                note(scope, format!("answered both {:?} and {chat:?}", first.chat));
            }
            if status == 201 {
                let makers = makers.entry(scope).or_default();
                *makers += 1;
                if *makers == 2 {
                    note(scope, format!("201 was answered twice for {chat:?}"));
                }
            }
        }
        Self { promises: promises.into_values().collect(), contradictions }
    }
}

impl Promise {
    /// Whether the promise is kept, by what a read of the chat, or a repeat of the POST, was answered
    /// with.
    pub(crate) fn is_broken_by(&self, answer: &Answer) -> Option<Violation> {
        match answer {
            Answer::Chat { status: 200, chat } if *chat == self.chat => None,
            other => {
                let what = format!("promised {:?}, but now it is {other:?}", self.chat);
                Some(Violation::of(Rule::Promises, &self.chat.scope, what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{acknowledged, asked, chat, post, problem};
    use super::*;

    fn promise() -> Promise {
        Promise { post: post("a"), chat: Arc::new(chat(1, "a")) }
    }

    fn contradictions(records: &[Record]) -> usize {
        Promises::in_records(records).contradictions.len()
    }

    #[test]
    fn a_chat_is_made_once_and_found_as_often_as_one_likes() {
        let found = asked(post("a"), acknowledged(200, chat(1, "a")));
        let made = asked(post("a"), acknowledged(201, chat(1, "a")));
        let records = [found.clone(), made.clone(), found.clone()];
        assert_eq!(contradictions(&records), 0);
        assert_eq!(Promises::in_records(&records).promises, [promise()]);
        assert_eq!(contradictions(&[made.clone(), made]), 1);
    }

    #[test]
    fn one_key_has_one_chat() {
        let made = asked(post("a"), acknowledged(201, chat(1, "a")));
        for other in [chat(2, "a"), Chat { created_at: 5, ..chat(1, "a") }] {
            let found = asked(post("a"), acknowledged(200, other));
            assert_eq!(contradictions(&[made.clone(), found]), 1);
        }
    }

    #[test]
    fn a_promise_is_kept_by_the_same_chat_alone() {
        let promise = promise();
        let is_kept = |answer: &Answer| promise.is_broken_by(answer).is_none();
        assert!(is_kept(&acknowledged(200, chat(1, "a"))));
        for answer in [
            problem(404, "chat_not_found"),
            problem(409, "chat_already_exists"),
            acknowledged(201, chat(1, "a")),
            acknowledged(200, chat(2, "a")),
            acknowledged(200, Chat { tags: None, ..chat(1, "a") }),
            acknowledged(200, Chat { real_time: None, ..chat(1, "a") }),
            acknowledged(200, Chat { created_at: 5, ..chat(1, "a") }),
            Answer::TimedOut,
        ] {
            assert!(!is_kept(&answer), "{answer:?}");
        }
    }
}
