//! The words of the domain. Each is parsed once, at the edge; who holds one need not check it again.

mod account;
mod audience;
mod chat_id;
mod event_room_id;
mod scope;
mod tags;
mod text;
mod timestamp;

pub use account::{Account, InvalidAccount};
pub use audience::Audience;
pub use chat_id::ChatId;
pub use event_room_id::EventRoomId;
pub use scope::Scope;
pub use tags::{InvalidTags, Tags};
pub use text::{InvalidText, MAX_TEXT_CHARS};
pub use timestamp::Timestamp;
