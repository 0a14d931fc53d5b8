//! Reads what a request brings, once, into values that cannot be wrong.

mod body;
mod caller;
mod chat;
mod path;

pub(crate) use body::{MAX_BODY_BYTES, receive};
pub(crate) use caller::caller;
pub(crate) use chat::{parse_convert, parse_create};
pub(crate) use path::{Path, parse_uuid};
