//! The trace that a request is part of (W3C Trace Context): the caller's, or one that begins here if somebody
//! collects traces.

use std::borrow::Cow;

use actix_web::http::header::HeaderMap;
use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};

use crate::Answered;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The context in which a request is served: in a span that `tracer` begins, if spans are collected. If not,
/// the caller's own context is passed on as it came.
///
/// Without either there is no trace: one of which nothing is collected would tell others not to collect
/// anything either.
pub(crate) fn begin(tracer: Option<&BoxedTracer>, headers: &HeaderMap) -> Context {
    let caller = if headers.contains_key(TRACEPARENT) {
        let sent = Sent::in_headers(headers);
        global::get_text_map_propagator(|it| it.extract_with_context(&Context::new(), &sent))
    } else {
        Context::new()
    };
    let Some(tracer) = tracer else {
        return caller;
    };
    let span = SpanBuilder::from_name("request").with_kind(SpanKind::Server);
    caller.with_span(span.start_with_context(tracer, &caller))
}

/// The trace that this context is in, if it is in one.
pub(crate) fn id(context: &Context) -> Option<TraceId> {
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id())
}

/// Ends the span with what is known by now. Names are those of OpenTelemetry's conventions for HTTP.
///
/// The path is not told: a tenant's own keys are in it.
pub(crate) fn end(context: &Context, answered: &Answered) {
    let span = context.span();
    if !span.is_recording() {
        return;
    }
    let (method, route) = (answered.method.as_str(), answered.route.pattern());
    span.update_name(format!("{method} {route}"));
    span.set_attribute(KeyValue::new("http.request.method", method));
    span.set_attribute(KeyValue::new("http.route", route));
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(answered.status)));
    if answered.status >= 500 {
        span.set_status(Status::error(""));
    }
    span.end();
}

/// What a request says of its trace.
struct Sent<'a> {
    /// If it came twice, nobody can tell which is meant.
    parent: Option<&'a str>,
    /// If it came in parts, they are one list.
    state: Option<Cow<'a, str>>,
}

impl<'a> Sent<'a> {
    fn in_headers(headers: &'a HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).filter_map(|it| it.to_str().ok());
        let parent = parents.next().filter(|_| parents.next().is_none());
        let states = headers.get_all(TRACESTATE).filter_map(|it| it.to_str().ok()).map(Cow::from);
        let state = states.reduce(|list, part| format!("{list},{part}").into());
        Self { parent, state }
    }
}

impl Extractor for Sent<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        match name {
            TRACEPARENT => self.parent,
            TRACESTATE => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_list_that_came_in_parts_is_one_and_two_parents_are_none() {
        let mut headers = HeaderMap::new();
        for (name, value) in [(TRACEPARENT, "00-1"), (TRACESTATE, "a=1"), (TRACESTATE, "b=2")] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let sent = Sent::in_headers(&headers);
        assert_eq!((sent.get(TRACEPARENT), sent.get(TRACESTATE)), (Some("00-1"), Some("a=1,b=2")));

        headers.append(HeaderName::from_static(TRACEPARENT), HeaderValue::from_static("00-2"));
        assert_eq!(Sent::in_headers(&headers).get(TRACEPARENT), None);
    }

    #[test]
    fn without_a_caller_and_a_collector_there_is_no_trace() {
        assert_eq!(id(&begin(None, &HeaderMap::new())), None);
    }
}
