//! `POST /api/v1/chats/convert`: creates a chat from an event room that exists already.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::Chats;

use super::respond;
use crate::Settings;
use crate::entrance::Entrance;
use crate::problem::Problem;
use crate::request::{parse_convert, receive};

pub(super) async fn convert(
    request: HttpRequest,
    payload: web::Payload,
    entrance: web::Data<Entrance>,
    chats: web::Data<Chats>,
    settings: web::Data<Settings>,
) -> Result<HttpResponse, Problem> {
    let account = entrance.admit(&request).await?;
    let body = receive(&request, payload, settings.client_timeout).await?;
    let chat = parse_convert(&body)?;
    respond::creation(&request, async move { chats.convert(&account, chat).await }).await
}
