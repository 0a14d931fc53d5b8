use chats_domain::use_cases::{ConvertChat, CreateChat};
use chats_domain::values::{EventRoomId, Tags};

use super::body::{self, JsonObject};
use super::path::parse_uuid;
use crate::problem::Problem;

/// Reads the body of a request to create a chat.
pub(crate) fn parse_create(body: &[u8]) -> Result<CreateChat, Problem> {
    create_chat(&JsonObject::parse(body)?)
}

/// Reads the body of a request to convert a room.
pub(crate) fn parse_convert(body: &[u8]) -> Result<ConvertChat, Problem> {
    let body = JsonObject::parse(body)?;
    let CreateChat { audience, scope, tags } = create_chat(&body)?;
    let event_room = EventRoomId::from(body.string("event_room_id", parse_uuid)?);
    Ok(ConvertChat { audience, scope, tags, event_room })
}

fn create_chat(body: &JsonObject<'_>) -> Result<CreateChat, Problem> {
    let tags = body.optional("tags").map(Tags::parse).transpose();
    Ok(CreateChat {
        audience: body.string("audience", str::parse)?,
        scope: body.string("scope", str::parse)?,
        tags: tags.map_err(|rule| body::invalid(format!("In the body, the tags {rule}.")))?,
    })
}
