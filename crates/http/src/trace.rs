//! The trace that a request is part of (W3C Trace Context): the caller's, or one that begins here.

use actix_web::http::header::{HeaderMap, HeaderName};
use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState,
};
use opentelemetry::{Context, KeyValue};
use uuid::Uuid;

use crate::Answered;

/// Begins the span in which a request is served, as a child of the caller's.
///
/// While nobody collects spans, the caller's own context is passed on as it came.
pub(crate) fn begin(tracer: &BoxedTracer, headers: &HeaderMap) -> Context {
    let parent = global::get_text_map_propagator(|it| {
        it.extract_with_context(&Context::new(), &Sent(headers))
    });
    let span = SpanBuilder::from_name("request").with_kind(SpanKind::Server);
    let context = parent.with_span(span.start_with_context(tracer, &parent));
    if context.span().span_context().is_valid() {
        context
    } else {
        context.with_remote_span_context(fresh())
    }
}

/// The trace that this context is in.
pub(crate) fn id(context: &Context) -> TraceId {
    context.span().span_context().trace_id()
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

/// A trace of which nobody collects anything; its identifier is for logs.
fn fresh() -> SpanContext {
    let (trace, span) = (Uuid::new_v4(), Uuid::new_v4());
    let trace = TraceId::from_bytes(trace.into_bytes());
    let span = SpanId::from(span.as_u64_pair().1);
    SpanContext::new(trace, span, TraceFlags::NOT_SAMPLED, false, TraceState::NONE)
}

/// The headers of a request. One that came twice says nothing.
struct Sent<'a>(&'a HeaderMap);

impl Extractor for Sent<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.get_all(name);
        let value = values.next()?;
        values.next().is_none().then(|| value.to_str().ok())?
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
