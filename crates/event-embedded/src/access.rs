//! Who calls.

use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use chats_domain::values::Account;

use crate::api_error::ApiError;
use crate::service::Inner;

/// The account that calls, as [`authenticate`] found it.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Account);

/// Lets only authenticated requests pass: before anything of them is read, as the event service does.
pub(crate) async fn authenticate(
    service: web::Data<Inner>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let token = bearer_token(request.headers())?;
    let account = service.authenticator.authenticate(token).await.map_err(ApiError::from)?;
    request.extensions_mut().insert(Caller(account));
    next.call(request).await
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or(ApiError::NoAuthenticationToken))
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let header = headers.get(AUTHORIZATION).ok_or(ApiError::NoAuthenticationToken)?;
    header
        .to_str()
        .ok()
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| ApiError::InvalidAuthentication("the scheme is not Bearer".into()))
}
