//! What must always hold, looked at from outside when everything has come to rest.
//!
//! The first five are those of *reserve, open, confirm*. Besides, each chat is what someone asked for,
//! everything works again, and no answer is one that the API does not have for such a request at such a
//! time.

mod answers;
mod promises;
mod refusals;
mod rooms;
#[cfg(test)]
pub(crate) mod sample;
mod uniqueness;
mod wishes;

use std::fmt;

pub(crate) use promises::{Promise, Promises};
pub(crate) use refusals::refused_scopes;

use super::clients::RoomBefore;
use super::record::{Record, Span};
use super::timeline::Trouble;
use crate::deployment::{Room, Row};

/// All that is known when everything has come to rest.
pub(crate) struct Evidence {
    pub(crate) records: Vec<Record>,
    pub(crate) troubles: Vec<(Trouble, Span)>,
    /// The rooms that were opened by others than the service.
    pub(crate) rooms_before: Vec<RoomBefore>,
    /// The chats of the database.
    pub(crate) rows: Vec<Row>,
    /// The rooms of the event service.
    pub(crate) rooms: Vec<Room>,
}

/// Something that must hold and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) what: String,
    /// The key that it concerns, to find what was asked and answered.
    pub(crate) scope: Option<String>,
}

/// What must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// An answer is one that the API has for such a request at such a time.
    Answers,
    /// What a POST was answered with stays true.
    Promises,
    /// There is one chat for a key, and one for a room.
    Uniqueness,
    /// A ready chat has a room that carries it.
    Rooms,
    /// No chat stays opening, and no room is without its chat.
    NothingHalfMade,
    /// A refused request leaves nothing.
    Refusals,
    /// A chat is what someone asked for.
    Wishes,
    /// Everything works again when all trouble is over.
    Usability,
}

/// Checks all that the evidence tells. Whether promises are kept is asked of the service besides.
pub(crate) fn check(evidence: &Evidence, promises: &Promises) -> Vec<Violation> {
    [
        answers::are_those_of_the_api(evidence),
        promises.contradictions.clone(),
        uniqueness::of_keys_and_rooms(&evidence.rows),
        rooms::of_ready_chats_carry_them(&evidence.rows, &evidence.rooms),
        rooms::are_not_half_made(evidence),
        refusals::left_nothing(evidence),
        wishes::are_what_became_chats(evidence),
    ]
    .concat()
}

impl Violation {
    fn new(rule: Rule, what: String) -> Self {
        Self { rule, what, scope: None }
    }

    pub(crate) fn of(rule: Rule, scope: &str, what: String) -> Self {
        Self { rule, what, scope: Some(scope.to_owned()) }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answers => "(0) an answer is one of the API's",
            Self::Promises => "(1) what a POST was answered with stays true",
            Self::Uniqueness => "(2) one chat for a key, and one for a room",
            Self::Rooms => "(3) a ready chat has a room that carries it",
            Self::NothingHalfMade => "(4) nothing stays half made",
            Self::Refusals => "(5) a refused request leaves nothing",
            Self::Wishes => "(6) a chat is what someone asked for",
            Self::Usability => "(7) everything works again",
        })
    }
}
