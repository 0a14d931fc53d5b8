//! `POST /api/v1/chats/convert`: creates a chat from an event room that exists already.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::Chats;

use super::respond;
use crate::Settings;
use crate::entrance::Entrance;
use crate::openapi::{self, Operation};
use crate::problem::{Kind, Problem};
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

pub(super) fn documented() -> Operation {
    Operation {
        id: "convertEventRoom",
        summary: "Turns an existing event room into a chat",
        description: "The account needs leave to `convert` `[\"classrooms\"]` in the audience. The room's \
            `classroom_id` becomes the `chat_id`.",
        path_parameters: Vec::new(),
        headers: &[],
        body: Some(openapi::body(openapi::CONVERT_CHAT)),
        answers: vec![
            (201, openapi::creation("The room carries the new chat.")),
            (200, openapi::creation("There was a chat that says the same, on the same room.")),
        ],
        problems: &[
            Kind::InvalidPayload,
            Kind::ChatAlreadyExists,
            Kind::EventRoomTaken,
            Kind::PayloadTooLarge,
            Kind::UnsupportedMediaType,
            Kind::EventRoomNotFound,
            Kind::EventServiceRejected,
            Kind::EventServiceUnavailable,
        ],
    }
}
