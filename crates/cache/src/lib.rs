//! A decorator of the chat store's port: chats that are ready are read from memory.
//!
//! [`CachedStore`] stands before another [`ChatStore`](chats_domain::ports::ChatStore) and keeps the same
//! contract; neither that store nor the use cases know of it. A chat that is ready never changes and never
//! goes, so what is kept is never stale, on however many instances. Nothing else is kept: not that a chat
//! is absent, and no chat that is opening.

mod cached_store;
mod ready_chat;
mod ready_chats;

pub use cached_store::{CacheStats, CachedStore};
