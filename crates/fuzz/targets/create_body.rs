//! Any body of a request to create a chat: what is taken is what any reader of JSON reads there.

#![no_main]

use chats_fuzz::json;
use chats_http::internals::parse_create;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Some(chat) = parse_create(body) else { return };
    let text = std::str::from_utf8(body).unwrap();
    assert!(chat.tags.as_ref().is_none_or(|tags| text.contains(tags.as_json())));
    // That reader does not know of numbers that are beyond counting.
    let Some(read) = json(body) else { return };
    assert_eq!(read["audience"], chat.audience.as_str());
    assert_eq!(read["scope"], chat.scope.as_str());
    assert_eq!(
        read.get("tags"),
        chat.tags.and_then(|tags| json(tags.as_json().as_bytes())).as_ref()
    );
});
