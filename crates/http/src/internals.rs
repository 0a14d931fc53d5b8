//! What the benchmarks and the fuzz targets of this workspace run alone. It is no part of the API.

use chats_domain::chat::Chat;
use chats_domain::use_cases::{ConvertChat, CreateChat};

use crate::{chat_object, etag, request};

/// Reads the body of a request to create a chat. `None` if it breaks a rule.
#[must_use]
pub fn parse_create(body: &[u8]) -> Option<CreateChat> {
    request::parse_create(body).ok()
}

/// Reads the body of a request to convert a room. `None` if it breaks a rule.
#[must_use]
pub fn parse_convert(body: &[u8]) -> Option<ConvertChat> {
    request::parse_convert(body).ok()
}

/// Writes a chat as JSON.
pub fn to_json(chat: &Chat) -> Result<Vec<u8>, serde_json::Error> {
    chat_object::to_json(chat)
}

/// The entity tag of a body, as its header has it.
#[must_use]
pub fn etag(body: &[u8]) -> String {
    etag::of(body)
}
