//! A chat is written as JSON.

use chats_http::internals::{etag, to_json};

use crate::Part;
use crate::samples::chat;

/// The chat alone, as creates answer it.
#[must_use]
pub fn chat_to_json() -> Part {
    let chat = chat();
    Part::new(move || to_json(&chat).expect("it can be written"))
}

/// With its entity tag, as reads answer it.
#[must_use]
pub fn chat_to_json_and_etag() -> Part {
    let chat = chat();
    Part::new(move || {
        let json = to_json(&chat).expect("it can be written");
        let etag = etag(&json);
        (json, etag)
    })
}
