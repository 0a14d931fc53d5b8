//! `POST /api/v1/chats`: creates a chat and its event room.

use actix_web::{HttpRequest, HttpResponse, web};

use super::respond;
use crate::Api;
use crate::problem::Problem;
use crate::request::{ChatRequest, caller};

pub(super) async fn create(
    request: HttpRequest,
    payload: web::Payload,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let account = caller(&request, &*api.authenticator).await?;
    let chat = ChatRequest::receive(&request, payload).await?.to_create()?;
    respond::creation(async move { api.chats.create(&account, chat).await }).await
}
