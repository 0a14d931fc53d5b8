//! What can become of a call.

/// What kind of call it is, which decides what can become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Policy,
    StoreRead,
    StoreWrite,
    RoomsRead,
    RoomsWrite,
    Answer,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is carried out, and answered.
    Done,
    /// The event service refuses, or the policy denies.
    Refused,
    /// It is not carried out, and the caller is told so, if the port can.
    Unavailable,
    /// It is not carried out, and the database answers what it should not.
    Failed,
    /// It never arrives, but the caller cannot tell.
    RequestLost,
    /// It is carried out, but the caller cannot tell.
    AnswerLost,
    /// It is carried out, but the database answers what it should not.
    AnswerSpoilt,
    /// It will be carried out later, but the caller cannot tell.
    Delayed,
    /// It is carried out, but the process of the caller dies before the answer.
    DiesAfter,
    /// It will be carried out later, and the process of the caller dies.
    DiesDelayed,
}

impl Kind {
    /// What can become of such a call. To die before it, the process needs no call.
    pub(super) fn fates(self) -> &'static [Fate] {
        use Fate::{
            AnswerLost, AnswerSpoilt, Delayed, DiesAfter, DiesDelayed, Done, Failed, Refused,
            RequestLost, Unavailable,
        };
        match self {
            Self::Policy => &[Done, Refused, Unavailable],
            Self::StoreRead => &[Done, Unavailable, Failed],
            Self::StoreWrite => &[
                Done,
                Unavailable,
                Failed,
                AnswerLost,
                AnswerSpoilt,
                Delayed,
                DiesAfter,
                DiesDelayed,
            ],
            Self::RoomsRead => &[Done, Refused, Unavailable, RequestLost],
            Self::RoomsWrite => &[
                Done,
                Refused,
                Unavailable,
                RequestLost,
                AnswerLost,
                Delayed,
                DiesAfter,
                DiesDelayed,
            ],
            Self::Answer => &[Done],
        }
    }
}

impl Fate {
    /// Whether the caller's process dies of it.
    pub(super) fn is_deadly(self) -> bool {
        matches!(self, Self::DiesAfter | Self::DiesDelayed)
    }
}
