//! `GET /api/v1/audiences/{audience}/chats/{scope}`: reads a chat by the tenant's own key.

use actix_web::{HttpRequest, HttpResponse, web};
use chats_domain::use_cases::{Chats, ReadError};
use chats_domain::values::{Audience, Scope};

use super::respond;
use crate::entrance::Entrance;
use crate::problem::{Kind, Problem};
use crate::request::Path;

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
