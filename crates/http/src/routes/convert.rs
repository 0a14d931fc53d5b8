//! `POST /api/v1/chats/convert`: creates a chat from an event room that exists already.

use actix_web::{HttpRequest, HttpResponse, web};

use super::respond;
use crate::Api;
use crate::problem::Problem;
use crate::request::{ChatRequest, caller};

pub(super) async fn convert(
    request: HttpRequest,
    payload: web::Payload,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let account = caller(&request, &*api.authenticator).await?;
    let chat = ChatRequest::receive(&request, payload).await?.to_convert()?;
    respond::creation(async move { api.chats.convert(&account, chat).await }).await
}
