//! Any body of a request to convert a room: it is that of a create, and names a room.

#![no_main]

use chats_fuzz::json;
use chats_http::internals::{parse_convert, parse_create};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let create = parse_create(body);
    let Some(chat) = parse_convert(body) else { return };
    let create = create.unwrap();
    assert_eq!((chat.audience, chat.scope), (create.audience, create.scope));
    assert_eq!(chat.tags, create.tags);
    let Some(read) = json(body) else { return };
    let room = read["event_room_id"].as_str().unwrap().to_ascii_lowercase();
    assert_eq!(room, chat.event_room.to_string());
});
