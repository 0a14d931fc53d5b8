use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Payload};
use chats_domain::use_cases::{ConvertChat, CreateChat};
use chats_domain::values::{EventRoomId, Tags};

use super::body::{self, JsonObject};
use super::path::parse_uuid;
use crate::problem::Problem;

/// The body of a request for a chat, received but not parsed yet.
pub(crate) struct ChatRequest(Bytes);

impl ChatRequest {
    /// Receives a body that takes no more than `time`.
    pub(crate) async fn receive(
        request: &HttpRequest,
        payload: Payload,
        time: Duration,
    ) -> Result<Self, Problem> {
        body::receive(request, payload, time).await.map(Self)
    }

    pub(crate) fn to_create(&self) -> Result<CreateChat, Problem> {
        create_chat(&JsonObject::parse(&self.0)?)
    }

    pub(crate) fn to_convert(&self) -> Result<ConvertChat, Problem> {
        let body = JsonObject::parse(&self.0)?;
        let CreateChat { audience, scope, tags } = create_chat(&body)?;
        let event_room = EventRoomId::from(body.string("event_room_id", parse_uuid)?);
        Ok(ConvertChat { audience, scope, tags, event_room })
    }
}

fn create_chat(body: &JsonObject<'_>) -> Result<CreateChat, Problem> {
    let tags = body.optional("tags").map(Tags::parse).transpose();
    Ok(CreateChat {
        audience: body.string("audience", str::parse)?,
        scope: body.string("scope", str::parse)?,
        tags: tags.map_err(|rule| body::invalid(format!("In the body, the tags {rule}.")))?,
    })
}
