//! The middleware that has faults strike.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody, SizedStream, to_bytes};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::task::yield_now;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpRequest, HttpResponse};
use futures_util::stream::{self, StreamExt};

use super::{Call, Connection, ErrorStatus, Misbehaviour, Struck, When};
use crate::api_error::ErrorBody;
use crate::service::Inner;

type Response = Result<ServiceResponse<BoxBody>, Error>;

/// Has the faults that are switched on strike a route, which is `call` to them.
pub(crate) fn strike<S, B>(
    call: Call,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |service: Data<Inner>, request, next| async move {
        let faults = service.faults.as_ref();
        match faults.and_then(|faults| faults.take(call)) {
            None => work(request, next).await,
            Some(struck) => misbehave(struck, &service, request, next).await,
        }
    })
}

async fn misbehave<B: MessageBody + 'static>(
    struck: Struck,
    service: &Inner,
    request: ServiceRequest,
    next: Next<B>,
) -> Response {
    let Struck { misbehaviour, mut lifted } = struck;
    tracing::debug!(?misbehaviour, "a fault strikes");
    match misbehaviour {
        Misbehaviour::Delay { millis } => {
            // actix-web does not take the work back when the client closes its connection.
            service.clock.sleep(Duration::from_millis(millis)).await;
            work(request, next).await
        }
        Misbehaviour::Refuse { status, kind } => {
            Ok(request.into_response(error(status, Some(&kind))))
        }
        Misbehaviour::Fail { status, kind, when } => {
            let request = after(when, request, next).await?;
            Ok(answer(request, error(status, kind.as_deref())))
        }
        Misbehaviour::Cut { when } => {
            let request = after(when, request, next).await?;
            cut(request)
        }
        Misbehaviour::Hang { when } => {
            let request = after(when, request, next).await?;
            // An error would say that the switch itself is gone, which lifts the fault just as well.
            let _ = lifted.changed().await;
            cut(request)
        }
        Misbehaviour::Truncate {} => {
            let (request, response) = work(request, next).await?.into_parts();
            let (head, body) = response.into_parts();
            let body = to_bytes(body).await.map_err(ErrorInternalServerError)?;
            Ok(answer(request, head.set_body(first_half(&body))))
        }
        Misbehaviour::Garble {} => {
            let (request, response) = work(request, next).await?.into_parts();
            Ok(answer(request, response.set_body(BoxBody::new(r#"{"id":"#))))
        }
    }
}

async fn work<B: MessageBody + 'static>(request: ServiceRequest, next: Next<B>) -> Response {
    let response = next.call(request).await?;
    Ok(response.map_into_boxed_body())
}

/// Does the work, if the fault strikes after it.
async fn after<B: MessageBody + 'static>(
    when: When,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<HttpRequest, Error> {
    match when {
        When::BeforeWork => Ok(request.into_parts().0),
        When::AfterWork => Ok(work(request, next).await?.into_parts().0),
    }
}

fn answer(request: HttpRequest, response: HttpResponse) -> ServiceResponse<BoxBody> {
    ServiceResponse::new(request, response)
}

fn error(status: ErrorStatus, kind: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::build(status.0);
    match kind {
        Some(kind) => {
            response.json(ErrorBody { kind, title: "A fault that was asked for", detail: None })
        }
        None => response.content_type("text/plain").body("a fault that was asked for"),
    }
}

/// Cuts the connection. The answer goes nowhere.
fn cut(request: HttpRequest) -> Response {
    let connection = request.conn_data::<Connection>();
    connection.ok_or_else(|| ErrorInternalServerError("the connection cannot be cut"))?.cut();
    Ok(answer(request, HttpResponse::InternalServerError().finish()))
}

/// A body that promises all of `body` and breaks off in the middle.
fn first_half(body: &Bytes) -> BoxBody {
    let half = body.slice(..body.len() / 2);
    let broken = async {
        // Pending once, so that the server sends what it has before it learns of the end.
        yield_now().await;
        Err(std::io::Error::other("the body breaks off, as was asked for"))
    };
    let stream = stream::iter([Ok(half)]).chain(stream::once(broken));
    BoxBody::new(SizedStream::new(body.len() as u64, Box::pin(stream)))
}
