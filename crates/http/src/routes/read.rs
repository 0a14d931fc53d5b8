//! `GET /api/v1/chats/{chat_id}`: reads a chat by its identifier.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::ReadError;

use super::respond;
use crate::Api;
use crate::problem::{Kind, Problem};
use crate::request::{Path, caller, parse_uuid};

pub(super) async fn read(
    request: HttpRequest,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let account = caller(&request, &*api.authenticator).await?;
    let chat_id = Path::of(&request).segment(3, "chat_id", parse_uuid)?.into();
    let chat = api.chats.read(&account, chat_id).await.map_err(|error| match error {
        ReadError::NotFound => {
            Problem::new(Kind::ChatNotFound, format!("No chat has the id '{chat_id}'."))
        }
        other => other.into(),
    })?;
    respond::read(&request, &chat)
}
