//! Rooms and when they are open.

use std::fmt;

use chats_domain::values::{Audience, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A room.
#[derive(Clone)]
pub struct Room {
    /// The room's identifier.
    pub id: Uuid,
    /// The audience that it belongs to.
    pub audience: Audience,
    /// When it is open.
    pub time: RoomTime,
    /// Arbitrary JSON, as it was written.
    pub tags: Option<Box<RawValue>>,
    /// Whether its events are kept after it has closed. This service keeps them in any case.
    pub preserve_history: bool,
    /// What it is bound to. Nothing keeps two rooms from having the same.
    pub classroom_id: Uuid,
    /// What kind of class it is for.
    pub kind: RoomKind,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The kind of class that a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomKind {
    /// One speaks to many.
    Webinar,
    /// Two speak.
    P2P,
    /// A few speak.
    Minigroup,
}

/// When a room is open: from its start on, until before its end if it has one. In Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomTime {
    start: i64,
    end: Option<i64>,
}

impl fmt::Debug for Room {
    /// Leaves out the tags: they are the tenant's data, and no log is to hold them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("id", &self.id)
            .field("audience", &self.audience)
            .field("time", &self.time)
            .field("classroom_id", &self.classroom_id)
            .finish_non_exhaustive()
    }
}

impl RoomKind {
    /// The kind's name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webinar => "Webinar",
            Self::P2P => "P2P",
            Self::Minigroup => "Minigroup",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Webinar, Self::P2P, Self::Minigroup].into_iter().find(|kind| kind.as_str() == name)
    }
}

impl RoomTime {
    /// The time from `start` until `end`; `None` unless there is a start, and the end is after it.
    #[must_use]
    pub fn new(start: Option<i64>, end: Option<i64>) -> Option<Self> {
        let start = start?;
        if end.is_some_and(|end| end <= start) {
            return None;
        }
        Some(Self { start, end })
    }

    /// A time that was stored.
    pub(crate) fn from_stored(start: i64, end: Option<i64>) -> Self {
        Self { start, end }
    }

    /// The second from which on the room is open.
    #[must_use]
    pub fn start(self) -> i64 {
        self.start
    }

    /// The second from which on it is open no more.
    #[must_use]
    pub fn end(self) -> Option<i64> {
        self.end
    }

    pub(crate) fn has_started(self, now: Timestamp) -> bool {
        self.start <= now.as_unix_seconds()
    }

    pub(crate) fn has_ended(self, now: Timestamp) -> bool {
        self.end.is_some_and(|end| end <= now.as_unix_seconds())
    }

    pub(crate) fn is_open(self, now: Timestamp) -> bool {
        self.has_started(now) && !self.has_ended(now)
    }

    /// What becomes of the time of a room that is moved to `new`: the start of one that has started
    /// stays, and it ends now at the earliest.
    pub(crate) fn moved_to(self, new: Self, now: Timestamp) -> Self {
        if !self.has_started(now) {
            return new;
        }
        Self { start: self.start, end: new.end.map(|end| end.max(now.as_unix_seconds())) }
    }

    /// How many nanoseconds after the start `now` is: the time scale of a room's events.
    pub(crate) fn nanoseconds_since_start(self, now: Timestamp) -> i64 {
        let start = i128::from(self.start) * 1_000_000_000;
        let since = i128::from(now.as_unix_micros()) * 1_000 - start;
        i64::try_from(since).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_micros(1_000_500_000);

    fn time(start: i64, end: Option<i64>) -> RoomTime {
        RoomTime::new(Some(start), end).unwrap()
    }

    #[test]
    fn a_time_has_a_start_and_ends_later_or_never() {
        assert_eq!(RoomTime::new(None, None), None);
        assert_eq!(RoomTime::new(None, Some(5)), None);
        assert_eq!(RoomTime::new(Some(5), Some(4)), None);
        assert_eq!(RoomTime::new(Some(5), Some(5)), None);
        assert!(RoomTime::new(Some(5), Some(6)).is_some());
        assert!(RoomTime::new(Some(5), None).is_some());
    }

    #[test]
    fn a_room_is_open_from_its_start_until_before_its_end() {
        for (start, end, open) in [
            (1_000, None, true),
            (1_001, None, false),
            (900, Some(1_000), false),
            (900, Some(1_001), true),
        ] {
            assert_eq!(time(start, end).is_open(NOW), open, "{start} {end:?}");
        }
    }

    #[test]
    fn a_room_that_has_started_keeps_its_start_and_ends_now_at_the_earliest() {
        let open = time(900, None);
        assert_eq!(open.moved_to(time(950, Some(2_000)), NOW), time(900, Some(2_000)));
        assert_eq!(open.moved_to(time(950, Some(960)), NOW), time(900, Some(1_000)));
        assert_eq!(open.moved_to(time(950, None), NOW), time(900, None));

        let later = time(5_000, None);
        assert_eq!(later.moved_to(time(950, Some(960)), NOW), time(950, Some(960)));
    }

    #[test]
    fn events_are_timed_in_nanoseconds_since_the_start() {
        assert_eq!(time(1_000, None).nanoseconds_since_start(NOW), 500_000_000);
        assert_eq!(time(i64::MIN, None).nanoseconds_since_start(NOW), i64::MAX);
    }
}
