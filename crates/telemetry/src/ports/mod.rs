//! The ports once more, as decorators of others that count and time each call.

mod access;
mod chat_store;
mod event_rooms;

pub use access::{ObservedAuthenticator, ObservedPolicy};
pub use chat_store::ObservedStore;
pub use event_rooms::ObservedRooms;
