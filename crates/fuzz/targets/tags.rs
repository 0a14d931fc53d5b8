//! Any text as tags: they are kept as written, and say the same however they are laid out.

#![no_main]

use chats_domain::values::{InvalidTags, Tags};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let read: Result<Value, _> = serde_json::from_str(text);
    let tags = match Tags::parse(text) {
        Ok(tags) => tags,
        Err(InvalidTags::Syntax(_)) => return assert!(read.is_err()),
        Err(InvalidTags::NotAnObject) => return assert!(!read.is_ok_and(|it| it.is_object())),
        Err(_) => return,
    };
    assert_eq!(tags.as_json(), text.trim());
    assert_eq!(Tags::parse(tags.as_json()).as_ref(), Ok(&tags));
    // That reader does not know of numbers that are beyond counting.
    let Ok(read) = read else { return };
    assert!(read.is_object() && is_storable(&read));
    if is_exact(&read) {
        assert_eq!(Tags::parse(&read.to_string()).as_ref(), Ok(&tags));
        let laid_out = Tags::parse(&serde_json::to_string_pretty(&read).unwrap());
        assert!(laid_out == Ok(tags) || laid_out == Err(InvalidTags::TooLong));
    }
});

/// Whether no character is U+0000.
fn is_storable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(is_storable),
        Value::Object(members) => {
            members.iter().all(|(name, value)| !name.contains('\0') && is_storable(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether that reader has rounded no number.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
