use std::collections::HashSet;
use std::iter::Peekable;

use async_trait::async_trait;

use super::StoreError;
use crate::chat::{Chat, ChatState};
use crate::values::{Account, Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};

/// Adds many chats at once that are ready from the start.
///
/// They stand beside those of the [`ChatStore`](super::ChatStore), and what MUST hold of these holds of
/// all of them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait BulkStore: Send + Sync {
    /// Adds each chat of the batch, unless its key or its room is taken. Returns what came of each, in
    /// their order.
    ///
    /// Where both are taken, the answer is [`Added::KeyTaken`]. An identifier that another chat has, where
    /// neither is taken, is a [`StoreError::Failed`]. What was added is durable once this has returned. After
    /// an error any of the chats may have been added: the same call again finds the keys of those taken, by
    /// themselves.
    ///
    /// Callers that get into each other's way wait for each other, but not for ever: if need be, one of
    /// them fails with [`StoreError::Unavailable`].
    async fn add(&self, batch: &Batch) -> Result<Vec<Added>, StoreError>;
}

/// A chat to be that needs no opening.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadyChat {
    /// The identifier chosen for it.
    pub id: ChatId,
    /// The tenant's name space.
    pub audience: Audience,
    /// The tenant's own key within the audience.
    pub scope: Scope,
    /// What the tenant noted of the chat.
    pub tags: Option<Tags>,
    /// The room that it stands on.
    pub event_room: EventRoomId,
    /// Who asks. The store keeps it for operators; no use case reads it.
    pub asked_by: Account,
    /// When the chat came to be, wherever that was.
    pub created_at: Timestamp,
}

impl ReadyChat {
    /// The chat that this makes.
    #[must_use]
    pub fn to_chat(&self) -> Chat {
        Chat {
            id: self.id,
            audience: self.audience.clone(),
            scope: self.scope.clone(),
            tags: self.tags.clone(),
            created_at: self.created_at,
            state: ChatState::Ready(self.event_room),
        }
    }
}

/// Chats to add at once, of which no two have the key or the room in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch(Vec<ReadyChat>);

impl Batch {
    /// Takes chats from the front, up to the first that has its key or its room in common with one before
    /// it.
    pub fn take_from(chats: &mut Peekable<impl Iterator<Item = ReadyChat>>) -> Self {
        let (mut keys, mut rooms) = (HashSet::new(), HashSet::new());
        let mut batch = Vec::new();
        while let Some(chat) = chats.next_if(|chat| {
            keys.insert((chat.audience.clone(), chat.scope.clone()))
                && rooms.insert(chat.event_room)
        }) {
            batch.push(chat);
        }
        Self(batch)
    }

    /// The same chats in two batches; a single chat in one.
    #[must_use]
    pub fn halves(&self) -> impl DoubleEndedIterator<Item = Self> {
        let half = self.0.len().div_ceil(2).max(1);
        self.0.chunks(half).map(|chats| Self(chats.to_vec()))
    }

    /// The chats, in their order.
    #[must_use]
    pub fn chats(&self) -> &[ReadyChat] {
        &self.0
    }
}

/// What came of a chat of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// The chat is ready.
    Made,
    /// This chat has the key already.
    KeyTaken(Chat),
    /// Another chat has the room already.
    RoomTaken,
}
