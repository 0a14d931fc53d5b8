use std::fmt;

/// What is asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads of any chat by its identifier.
    ReadById,
    /// Reads of any chat by its audience and scope.
    ReadByKey,
    /// Creates of chats in any audience.
    Create,
}

impl Kind {
    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReadById => "read_by_id",
            Self::ReadByKey => "read_by_key",
            Self::Create => "create",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadById => "reads by identifier",
            Self::ReadByKey => "reads by audience and scope",
            Self::Create => "creates",
        })
    }
}
