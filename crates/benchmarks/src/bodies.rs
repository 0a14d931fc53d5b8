//! The body of a request is parsed and checked.

use chats_http::internals::parse_create;

use crate::Part;

/// A request to create a chat, with a tag or two.
#[must_use]
pub fn create_body() -> Part {
    with_tags(r#"{"group":7,"subject":"algebra"}"#)
}

/// The same with tags of 2 KiB.
#[must_use]
pub fn create_body_with_2_kib_of_tags() -> Part {
    let tag = |number| format!(r#""student-{number:02}":{{"seat":[{number},1.5],"name":"Ada é"}}"#);
    let tags: Vec<_> = (10..54).map(tag).collect();
    with_tags(&format!("{{{}}}", tags.join(",")))
}

fn with_tags(tags: &str) -> Part {
    let body = format!(r#"{{"audience":"school.example.org","scope":"lesson-42","tags":{tags}}}"#);
    Part::new(move || parse_create(body.as_bytes()).expect("it keeps the rules"))
}
