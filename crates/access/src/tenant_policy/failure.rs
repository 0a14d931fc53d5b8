use std::sync::Arc;

use chats_domain::values::Audience;

use super::tenant::MAX_ANSWER_BYTES;
use crate::SigningError;

/// The tenant did not tell. For the log, like what it comes from.
#[derive(Debug, thiserror::Error)]
#[error("the tenant of {audience} did not tell")]
pub(super) struct NotTold {
    pub(super) audience: Audience,
    #[source]
    pub(super) failure: Arc<Failure>,
}

/// What went wrong with a question. It shows neither the token, nor the URI, nor the text of an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("there is no token to send")]
    NoToken(#[source] SigningError),
    #[error("too many questions are under way")]
    Busy,
    #[error("no answer came, or not all of it")]
    NoAnswer(#[source] reqwest::Error),
    #[error("no answer came in time")]
    TimedOut,
    #[error("the answer has the status {0}")]
    Status(u16),
    #[error("the answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    #[error("the answer is not an array of strings (line {line}, column {column})")]
    Unreadable { line: usize, column: usize },
    #[error("the question was dropped half-way")]
    Dropped(#[source] tokio::task::JoinError),
}

impl Failure {
    /// Whether the same question may be answered if it is asked again at once.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer(error) => !error.is_builder(),
            Self::TimedOut | Self::Status(500..) => true,
            _ => false,
        }
    }
}

impl From<reqwest::Error> for Failure {
    /// Leaves out the URI, which may hold what only the tenant should know.
    fn from(error: reqwest::Error) -> Self {
        Self::NoAnswer(error.without_url())
    }
}

impl From<serde_json::Error> for Failure {
    /// Tells where the answer went wrong, and not what it says there.
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable { line: error.line(), column: error.column() }
    }
}
