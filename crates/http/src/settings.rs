use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Limits, Origin};

/// How the server treats its clients.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an idle connection is kept. Longer than load balancers keep theirs, so that it is never
    /// the service that closes a connection on which a request is under way.
    pub keep_alive: Duration,
    /// How long a client may take to send the head of its first request, and how long to send a body.
    pub client_timeout: Duration,
    /// How long it may take to tell who calls, for which an issuer's keys may have to be fetched. It comes
    /// before the time that the use cases have.
    pub authentication_timeout: Duration,
    /// The most connections that are open at once. Further ones wait to be accepted.
    pub max_connections: NonZeroU32,
    /// How much may be asked.
    pub limits: Limits,
    /// Whether spans of requests are collected, by the tracer that is global to the process.
    pub collects_traces: bool,
    /// The sites whose pages may read chats.
    pub cors_origins: Vec<Origin>,
    /// Whether the OpenAPI document and its page are served.
    pub docs: bool,
}
