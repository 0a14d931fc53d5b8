//! `GET /api/v1/audiences/{audience}/chats/{scope}`: reads a chat by the tenant's own key.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::{Chats, ReadError};
use chats_domain::values::{Audience, Scope};

use super::respond;
use crate::entrance::Entrance;
use crate::openapi::{self, Operation};
use crate::problem::{Kind, Problem};
use crate::request::Path;

/// The operation's name in the document.
pub(crate) const ID: &str = "readChatByKey";

pub(super) async fn read_by_key(
    request: HttpRequest,
    entrance: web::Data<Entrance>,
    chats: web::Data<Chats>,
) -> Result<HttpResponse, Problem> {
    let account = entrance.admit(&request).await?;
    let path = Path::of(&request);
    let audience: Audience = path.segment(3, "audience", str::parse)?;
    let scope: Scope = path.segment(5, "scope", str::parse)?;
    let read = chats.read_by_key(&account, &audience, &scope).await;
    let chat = read.map_err(|error| match error {
        ReadError::NotFound => {
            let detail = format!("No chat has the scope '{scope}' in the audience '{audience}'.");
            Problem::new(Kind::ChatNotFound, detail)
        }
        other => other.into(),
    })?;
    respond::read(&request, &chat)
}

pub(super) fn documented() -> Operation {
    Operation {
        id: ID,
        summary: "Reads a chat by the tenant's own key",
        description: "The account needs leave to `read` `[\"classrooms\", chat_id]` in the audience. Where there \
            is no such chat, only accounts that may `read` `[\"classrooms\"]` are told so; the others get the \
            same `403` as for a chat that is there.",
        path_parameters: vec![openapi::audience(), openapi::scope()],
        headers: &[openapi::IF_NONE_MATCH],
        body: None,
        answers: vec![(200, openapi::read()), (304, openapi::not_modified())],
        problems: &[Kind::InvalidParameter, Kind::ChatNotFound, Kind::RouteNotFound],
    }
}
