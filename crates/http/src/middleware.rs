//! What every request meets on its way in and out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use chats_domain::values::Account;
use opentelemetry::context::FutureExt;
use opentelemetry::global::BoxedTracer;

use crate::access_log::{self, Awaited, Entry};
use crate::connection::Activity;
use crate::observer::Begun;
use crate::{RequestObserver, problem, request_id, response_headers, trace};

/// Who looks on, and over what requests come.
pub(crate) struct Watch {
    pub(crate) observer: Arc<dyn RequestObserver>,
    /// If the spans of requests are collected.
    pub(crate) tracer: Option<BoxedTracer>,
    pub(crate) is_over_tls: bool,
    pub(crate) is_ending: Arc<AtomicBool>,
}

/// Writes the request's id into the response, the problem of a failed one as its body, and the headers
/// that all have; and tells of the request to who looks on, to the trace and to the log.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    watch: Arc<Watch>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Begun::tell(Arc::clone(&watch.observer));
    let has_body = !matches!(request.parts().1, Payload::None);
    let _busy = request.conn_data::<Activity>().map(|activity| activity.busy(has_body));
    let id = request_id::of(request.headers());
    let context = trace::begin(watch.tracer.as_ref(), request.headers());
    let trace_id = trace::id(&context);
    let awaited = Awaited::begin(&id, trace_id, request.method(), begun.at());
    let response = next.call(request).with_context(context.clone()).await?.map_into_boxed_body();
    awaited.end();
    let (mut response, trouble) = problem::rendered(response, id.to_str().unwrap_or_default());
    response_headers::write(&mut response, watch.is_over_tls);
    if watch.is_ending.load(Ordering::Relaxed) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let answered = begun.answered(response.request(), response.status());
    trace::end(&context, &answered);
    access_log::write(&Entry {
        request_id: &id,
        trace_id,
        account: response.request().extensions().get::<Account>(),
        answered: &answered,
        trouble: trouble.as_ref(),
    });
    response.headers_mut().insert(request_id::X_REQUEST_ID.clone(), id);
    Ok(response)
}
