//! `POST /api/v1/chats`: creates a chat and its event room.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::Chats;

use super::respond;
use crate::Settings;
use crate::entrance::Entrance;
use crate::problem::Problem;
use crate::request::{parse_create, receive};

pub(super) async fn create(
    request: HttpRequest,
    payload: web::Payload,
    entrance: web::Data<Entrance>,
    chats: web::Data<Chats>,
    settings: web::Data<Settings>,
) -> Result<HttpResponse, Problem> {
    let account = entrance.admit(&request).await?;
    let body = receive(&request, payload, settings.client_timeout).await?;
    let chat = parse_create(&body)?;
    respond::creation(&request, async move { chats.create(&account, chat).await }).await
}
