//! A ready chat is read from memory.

use std::num::NonZeroU64;
use std::sync::Arc;

use chats_cache::CachedStore;
use chats_domain::chat::Chat;
use chats_domain::ports::{ChatStore, MockChatStore};

use crate::samples::chat;
use crate::{Part, at_once};

/// By its identifier.
#[must_use]
pub fn chat_kept_by_id() -> Part {
    let (store, chat) = (keeping(chat()), chat());
    Part::new(move || at_once(store.find(chat.id)))
}

/// By its audience and scope.
#[must_use]
pub fn chat_kept_by_key() -> Part {
    let (store, chat) = (keeping(chat()), chat());
    Part::new(move || at_once(store.find_by_key(&chat.audience, &chat.scope)))
}

/// A cache that keeps the chat. The store behind it would panic if it was asked once more.
pub(crate) fn keeping(chat: Chat) -> CachedStore {
    let (mut store, id) = (MockChatStore::new(), chat.id);
    store.expect_find().once().return_once(|_| Ok(Some(chat)));
    let bytes = NonZeroU64::new(64 * 1024 * 1024).expect("it is no zero");
    let cache = CachedStore::new(Arc::new(store), bytes);
    at_once(cache.find(id));
    cache
}
