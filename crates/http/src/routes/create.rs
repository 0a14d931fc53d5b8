//! `POST /api/v1/chats`: creates a chat and its event room.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::Chats;

use super::respond;
use crate::Settings;
use crate::entrance::Entrance;
use crate::openapi::{self, Operation};
use crate::problem::{Kind, Problem};
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

pub(super) fn documented() -> Operation {
    Operation {
        id: "createChat",
        summary: "Creates a chat and its event room",
        description: "The account needs leave to `create` `[\"classrooms\"]` in the audience.\n\n\
            After a `503` the chat may be reserved already. It can be read, without `real_time`; the service \
            finishes it later by itself, or a repeat of the request does.",
        path_parameters: Vec::new(),
        headers: &[],
        body: Some(openapi::body(openapi::CREATE_CHAT)),
        answers: vec![
            (201, openapi::creation("The chat and its room were made.")),
            (200, openapi::creation("There was a chat that says the same.")),
        ],
        problems: &[
            Kind::InvalidPayload,
            Kind::ChatAlreadyExists,
            Kind::PayloadTooLarge,
            Kind::UnsupportedMediaType,
            Kind::EventServiceRejected,
            Kind::EventServiceUnavailable,
        ],
    }
}
