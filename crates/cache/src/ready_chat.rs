use std::sync::Arc;

use chats_domain::chat::Chat;
use chats_domain::values::{Audience, ChatId, Scope};

/// A chat that is ready, and so never changes. Nothing else can be kept.
#[derive(Debug, Clone)]
pub(crate) struct ReadyChat(Arc<Chat>);

/// What a chat is asked for by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Id(ChatId),
    Name(Audience, Scope),
}

impl ReadyChat {
    /// The chat, if it is ready.
    pub(crate) fn of(chat: &Chat) -> Option<Self> {
        chat.event_room()?;
        Some(Self(Arc::new(chat.clone())))
    }

    /// All that it is asked for by.
    pub(crate) fn keys(&self) -> [Key; 2] {
        [Key::Id(self.0.id), Key::Name(self.0.audience.clone(), self.0.scope.clone())]
    }

    pub(crate) fn to_chat(&self) -> Chat {
        Chat::clone(&self.0)
    }

    /// What it takes in memory, in bytes, were it alone.
    pub(crate) fn bytes(&self) -> u64 {
        let Chat { audience, scope, tags, .. } = &*self.0;
        let tags = tags.as_ref().map_or(0, |tags| allocated(tags.as_json().len()));
        allocated(size_of::<Chat>())
            + allocated(audience.as_str().len())
            + allocated(scope.as_str().len())
            + tags
    }
}

impl Key {
    /// What it takes in memory beside its own size, in bytes, were it alone.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Id(_) => 0,
            Self::Name(audience, scope) => {
                allocated(audience.as_str().len()) + allocated(scope.as_str().len())
            }
        }
    }
}

/// What an `Arc` of so many bytes takes: they, its two counters, and what an allocator adds, which is 8
/// bytes and less than 16 to the next step in size.
fn allocated(bytes: usize) -> u64 {
    const COUNTERS: u64 = 16;
    const ALLOCATOR: u64 = 16;
    bytes as u64 + COUNTERS + ALLOCATOR
}
