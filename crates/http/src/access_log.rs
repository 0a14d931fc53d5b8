//! The access log: one line for each request.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use chats_domain::values::Account;
use opentelemetry::trace::TraceId;
use tracing::Level;

use crate::problem::Trouble;
use crate::{Answered, RequestMethod};

/// A request that was answered, as the log is told of it. Neither its path is, in which there are a tenant's
/// own keys, nor its token.
pub(crate) struct Entry<'a> {
    pub(crate) request_id: &'a HeaderValue,
    pub(crate) trace_id: Option<TraceId>,
    /// Who called, if that became known.
    pub(crate) account: Option<&'a Account>,
    pub(crate) answered: &'a Answered,
    pub(crate) trouble: Option<&'a Trouble>,
}

/// A request whose answer somebody waits for. If this is dropped before the end, nobody does any more: its
/// connection is broken, and the line says so.
pub(crate) struct Awaited<'a> {
    request_id: &'a HeaderValue,
    trace_id: Option<TraceId>,
    method: RequestMethod,
    since: Instant,
    has_ended: bool,
}

impl<'a> Awaited<'a> {
    pub(crate) fn begin(
        request_id: &'a HeaderValue,
        trace_id: Option<TraceId>,
        method: &Method,
        since: Instant,
    ) -> Self {
        Self { request_id, trace_id, method: method.into(), since, has_ended: false }
    }

    pub(crate) fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        tracing::info!(
            request_id = self.request_id.to_str().unwrap_or_default(),
            trace_id = self.trace_id.map(display),
            method = self.method.as_str(),
            duration_ms = milliseconds(self.since.elapsed()),
            "request abandoned"
        );
    }
}

/// In milliseconds, with three decimals.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Writes the line: as a warning or an error if the request failed and others are not to blame.
pub(crate) fn write(entry: &Entry<'_>) {
    // The level of an event is a part of the program: there is one event for each.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request_id = entry.request_id.to_str().unwrap_or_default(),
                trace_id = entry.trace_id.map(display),
                account = entry.account.map(display),
                method = entry.answered.method.as_str(),
                route = entry.answered.route.pattern(),
                status = entry.answered.status,
                duration_ms = milliseconds(entry.answered.duration),
                problem = entry.trouble.map(|it| it.problem_type),
                cause = entry.trouble.map(|it| &*it.cause).filter(|it| !it.is_empty()),
                "request"
            )
        };
    }
    match entry.trouble.map_or(Level::INFO, |it| it.level) {
        Level::ERROR => line!(error),
        Level::WARN => line!(warn),
        _ => line!(info),
    }
}
