//! What every response gets on its way out.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::connection::Activity;
use crate::observer::Begun;
use crate::{RequestObserver, problem, request_id, response_headers};

/// Writes the request's id into the response, the problem of a failed one as its body, and the headers
/// that all have.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    is_over_tls: bool,
    observer: Arc<dyn RequestObserver>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Begun::tell(observer);
    let _busy = request.conn_data::<Activity>().map(Activity::busy);
    let id = request_id::of(request.headers());
    let response = next.call(request).await?.map_into_boxed_body();
    let mut response = problem::rendered(response, id.to_str().unwrap_or_default());
    response_headers::write(&mut response, is_over_tls);
    response.headers_mut().insert(request_id::X_REQUEST_ID.clone(), id);
    begun.answered(response.request(), response.status());
    Ok(response)
}
