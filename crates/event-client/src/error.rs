use chats_domain::ports::Cause;

use crate::answer::MAX_BODY_BYTES;

/// Why there is no client with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The base URL is not where an event service can be.
    #[error("the base URL {0}")]
    BaseUrl(&'static str),
    /// The connect time-out is zero, or not shorter than that of the whole call.
    #[error("the connect time-out is not between zero and the time-out of the whole call")]
    Timeouts,
    /// The extra roots are none.
    #[error("holds no certificate in PEM that can be used")]
    ExtraRoots,
    /// There is no async runtime to keep the connections.
    #[error("there is no tokio runtime here")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
    /// The HTTP client cannot work here: most likely, the system has no root certificates.
    #[error("the HTTP client cannot be set up")]
    HttpClient(#[source] reqwest::Error),
}

/// What went wrong with a call, for the log. It holds neither the token nor the text of an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no token to send")]
    NoToken(#[source] Cause),
    #[error("the request was not sent")]
    NotSent(#[source] reqwest::Error),
    #[error("no answer came, or not all of it")]
    NoAnswer(#[source] reqwest::Error),
    #[error("the call was dropped half-way")]
    Dropped(#[source] tokio::task::JoinError),
    #[error("the answer is longer than {MAX_BODY_BYTES} bytes")]
    TooLong,
    #[error("the answer is {status} {}", name.as_deref().unwrap_or("without a name"))]
    Answered { status: u16, name: Option<String> },
    #[error("the answer is {status}, but holds no room (line {line}, column {column})")]
    NoRoom { status: u16, line: usize, column: usize },
    #[error("the answer is a room, but not the one that was asked for")]
    AnotherRoom,
    #[error("the room does not exist")]
    RoomNotFound,
}
