use async_trait::async_trait;
use chats_domain::ports::Cause;
use serde::Serialize;

/// A process that serves the API, as its operators ask about it.
#[async_trait]
pub trait Instance: Send + Sync {
    /// Whether it is about to end. Asked each time, so it must not wait for anything.
    fn is_ending(&self) -> bool;

    /// Looks at the database. The look is given up after a while.
    async fn look_at_database(&self) -> Database;

    /// Looks at the replica of the database, if there is one. The look is given up after a while.
    async fn look_at_replica(&self) -> Option<Database>;

    /// Looks at the event service. The look is given up after a while.
    async fn look_at_event_service(&self) -> EventService;

    /// All figures, in the text form of Prometheus (version 0.0.4). Whether it is ready is one of them.
    async fn metrics(&self, is_ready: bool) -> Result<String, Cause>;
}

/// How the database is, or a replica of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    /// It answers, and has seen all migrations.
    Ready,
    /// It answers, and has not seen all migrations.
    NotUpToDate,
    /// It does not answer.
    Unreachable,
}

/// How the event service is. Chats can be read whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventService {
    /// It answers.
    Ready,
    /// It does not take our tokens, or our account.
    Refuses,
    /// It does not answer.
    Unreachable,
}
