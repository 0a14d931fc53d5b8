//! `GET /api/v1/chats/{chat_id}`: reads a chat by its identifier.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::{Chats, ReadError};

use super::respond;
use crate::entrance::Entrance;
use crate::openapi::{self, Operation};
use crate::problem::{Kind, Problem};
use crate::request::{Path, parse_uuid};

/// The operation's name in the document.
pub(crate) const ID: &str = "readChat";

pub(super) async fn read(
    request: HttpRequest,
    entrance: web::Data<Entrance>,
    chats: web::Data<Chats>,
) -> Result<HttpResponse, Problem> {
    let account = entrance.admit(&request).await?;
    let chat_id = Path::of(&request).segment(3, "chat_id", parse_uuid)?.into();
    let chat = chats.read(&account, chat_id).await.map_err(|error| match error {
        ReadError::NotFound => {
            Problem::new(Kind::ChatNotFound, format!("No chat has the id '{chat_id}'."))
        }
        other => other.into(),
    })?;
    respond::read(&request, &chat)
}

pub(super) fn documented() -> Operation {
    Operation {
        id: ID,
        summary: "Reads a chat by its identifier",
        description: "The account needs leave to `read` `[\"classrooms\", chat_id]` in the chat's audience. An \
            identifier that no chat has is `404` for everyone: nobody knows whose it would be.",
        path_parameters: vec![openapi::chat_id()],
        headers: &[openapi::IF_NONE_MATCH],
        body: None,
        answers: vec![(200, openapi::read()), (304, openapi::not_modified())],
        problems: &[
            Kind::InvalidParameter,
            Kind::ChatNotFound,
            Kind::RouteNotFound,
            Kind::MethodNotAllowed,
        ],
    }
}
