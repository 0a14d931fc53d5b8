use std::sync::OnceLock;
use std::time::Instant;

use chats_domain::ports::{AccessError, AuthenticationError, EventRoomsError, StoreError};
use opentelemetry::context::FutureExt;
use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use prometheus::{Histogram, HistogramVec};

/// A call that a port knows. It is counted and timed by how it ends, and is a span in the trace of the request that
/// it is made for.
pub struct Call {
    port: &'static str,
    name: &'static str,
    tracer: BoxedTracer,
    durations: HistogramVec,
    by_outcome: [OnceLock<Histogram>; Outcome::ALL.len()],
}

/// How a call ended. Each port has some of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Ok,
    /// The answer is that there is no such thing.
    NotFound,
    /// The answer is no.
    Denied,
    /// It was refused, and will be again.
    Refused,
    /// It was not done, and may be later.
    Unavailable,
    /// Nobody knows whether it was done.
    Unknown,
    /// It failed in a way that it should not.
    Failed,
    /// Nobody waited for its end.
    Cancelled,
}

/// An error of a port: it tells how the call ended.
pub trait CallError {
    /// How the call ended.
    fn outcome(&self) -> Outcome;
}

impl Outcome {
    /// All of them, each at its number.
    const ALL: [Self; 8] = [
        Self::Ok,
        Self::NotFound,
        Self::Denied,
        Self::Refused,
        Self::Unavailable,
        Self::Unknown,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether something did not do what it is there for.
    const fn is_trouble(self) -> bool {
        matches!(self, Self::Unavailable | Self::Unknown | Self::Failed)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Call {
    pub(crate) fn new(port: &'static str, name: &'static str, durations: &HistogramVec) -> Self {
        let durations = durations.clone();
        let tracer = global::tracer("chats");
        Self { port, name, tracer, durations, by_outcome: [const { OnceLock::new() }; _] }
    }

    /// Waits for a call, and notes how it ended.
    pub async fn observed<T, E: CallError>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.observed_by(call, |_| Outcome::Ok).await
    }

    /// Waits for a call that looks for something, and notes how it ended.
    pub async fn observed_look<T, E: CallError>(
        &self,
        call: impl Future<Output = Result<Option<T>, E>>,
    ) -> Result<Option<T>, E> {
        let outcome = |found: &Option<T>| match found {
            Some(_) => Outcome::Ok,
            None => Outcome::NotFound,
        };
        self.observed_by(call, outcome).await
    }

    async fn observed_by<T, E: CallError>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        outcome_of: impl FnOnce(&T) -> Outcome,
    ) -> Result<T, E> {
        let span = self.span();
        let mut under_way =
            UnderWay { call: self, since: Instant::now(), ends: Outcome::Cancelled, span };
        let result = match under_way.span.clone() {
            Some(span) => call.with_context(span).await,
            None => call.await,
        };
        under_way.ends = match &result {
            Ok(answer) => outcome_of(answer),
            Err(error) => error.outcome(),
        };
        result
    }

    /// A span for the call, if the one that is under way is collected.
    fn span(&self) -> Option<Context> {
        Context::map_current(|current| {
            current.span().is_recording().then(|| {
                let name = format!("{} {}", self.port, self.name);
                let span = SpanBuilder::from_name(name).with_kind(SpanKind::Client);
                current.with_span(span.start_with_context(&self.tracer, current))
            })
        })
    }

    /// The series of an outcome, which is there once there is something to tell.
    fn durations(&self, outcome: Outcome) -> &Histogram {
        let labels = [self.port, self.name, outcome.as_str()];
        self.by_outcome[outcome as usize].get_or_init(|| self.durations.with_label_values(&labels))
    }
}

/// A call that has begun. It is noted when this is dropped, be it because nobody waits any more.
struct UnderWay<'a> {
    call: &'a Call,
    since: Instant,
    ends: Outcome,
    span: Option<Context>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.call.durations(self.ends).observe(self.since.elapsed().as_secs_f64());
        if let Some(span) = &self.span {
            let span = span.span();
            span.set_attribute(KeyValue::new("outcome", self.ends.as_str()));
            if self.ends.is_trouble() {
                span.set_status(Status::error(self.ends.as_str()));
            }
            span.end();
        }
    }
}

impl CallError for StoreError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Unavailable(_) => Outcome::Unavailable,
            Self::Failed(_) => Outcome::Failed,
        }
    }
}

impl CallError for EventRoomsError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(_) => Outcome::Refused,
            Self::Unavailable(_) => Outcome::Unavailable,
            Self::Unknown(_) => Outcome::Unknown,
        }
    }
}

impl CallError for AccessError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Denied => Outcome::Denied,
            Self::Unavailable(_) => Outcome::Unavailable,
        }
    }
}

impl CallError for AuthenticationError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(_) => Outcome::Refused,
            Self::Unavailable(_) => Outcome::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_at_its_number() {
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number, "{outcome:?}");
        }
    }
}
