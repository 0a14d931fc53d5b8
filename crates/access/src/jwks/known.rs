use std::sync::Arc;
use std::time::Duration;

use chats_domain::values::Timestamp;

use super::set::KeySet;

/// What is known of a set at a moment.
#[derive(Default)]
pub(super) struct Known {
    /// What was fetched last.
    pub(super) fetched: Option<Fetched>,
    /// How many attempts to fetch it are over, whatever came of them.
    pub(super) attempts: u64,
    /// The end of the last attempt, unless it was of our own accord and went well.
    pub(super) rests_since: Option<Timestamp>,
}

/// A set that was fetched.
#[derive(Clone)]
pub(super) struct Fetched {
    pub(super) set: Arc<KeySet>,
    /// How many sets there have been until this one, of which each differed from the one before.
    pub(super) generation: u64,
    /// When it was last asked for and found to be this.
    pub(super) seen_at: Timestamp,
}

impl Known {
    /// The set, if it was seen less than `max_age` ago. One from the future, seen before the clock was set
    /// back, is not: nobody could tell how old it is.
    pub(super) fn fresh(&self, now: Timestamp, max_age: Duration) -> Option<&Fetched> {
        let is_fresh = |it: &&Fetched| it.seen_at <= now && now.since(it.seen_at) < max_age;
        self.fetched.as_ref().filter(is_fresh)
    }

    /// Whether the source is left alone for now, whoever asks. A rest that began in the future, before
    /// the clock was set back, is over.
    pub(super) fn is_resting(&self, now: Timestamp, cooldown: Duration) -> bool {
        self.rests_since.is_some_and(|since| since <= now && now.since(since) < cooldown)
    }
}
