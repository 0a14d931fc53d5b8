//! Chats that were made elsewhere, of a tenant that moves in.

use std::iter::{successors, zip};
use std::sync::Arc;
use std::time::Duration;

use crate::chat::ChatState;
use crate::ports::{Added, Batch, BulkStore, ChatIds, Clock, ReadyChat, StoreError};
use crate::values::{Account, Audience, ChatId, EventRoomId, Scope, Tags, Timestamp};

/// Takes in chats together with the rooms that they stand on, of which nobody is asked: that a room exists
/// and is the audience's is the word of whoever imports.
pub struct Importer {
    /// Where chats are kept.
    pub store: Arc<dyn BulkStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Identifiers for new chats.
    pub ids: Arc<dyn ChatIds>,
    /// Who imports.
    pub asked_by: Account,
}

/// A chat to import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportChat {
    /// The tenant's name space, which the room belongs to.
    pub audience: Audience,
    /// The tenant's own key within the audience.
    pub scope: Scope,
    /// What the tenant notes of the chat.
    pub tags: Option<Tags>,
    /// The room.
    pub event_room: EventRoomId,
    /// When the chat came to be.
    pub created_at: Timestamp,
}

/// What came of a chat to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The chat is there now, and ready.
    Added(ChatId),
    /// A chat that says the same was there.
    AlreadyThere(ChatId),
    /// Nothing was changed.
    Refused(Refusal),
}

/// Why a chat is not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A chat with this key is there and says something else.
    #[error("the chat {0} has this key and says something else")]
    AlreadyExists(ChatId),
    /// A chat with this key is being opened. What it will say, and whether it will stay, is not settled.
    #[error("the chat {0} has this key and is still being opened")]
    StillOpening(ChatId),
    /// The room carries another chat.
    #[error("the event room carries another chat")]
    EventRoomTaken,
}

/// How often in a row the store is tried while it is not available: for about half a minute, in which another
/// server may take over.
const TRIES: usize = 12;

/// The pause after the first try. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses between the tries.
fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(FIRST_PAUSE), |pause| Some(LONGEST_PAUSE.min(*pause * 2))).take(TRIES - 1)
}

impl Importer {
    /// Imports chats one after the other, as far as anyone can tell. Returns what came of each, in their
    /// order.
    ///
    /// After an error some of them may have been imported. To import them again is harmless, as ever: they
    /// are already there then.
    pub async fn import(&self, chats: Vec<ImportChat>) -> Result<Vec<Imported>, StoreError> {
        let mut imported = Vec::with_capacity(chats.len());
        let mut chats = chats.into_iter().map(|chat| self.to_ready(chat)).peekable();
        while chats.peek().is_some() {
            let batch = Batch::take_from(&mut chats);
            let added = self.add(batch.clone()).await?;
            imported
                .extend(zip(batch.chats(), added).map(|(chat, added)| Imported::of(chat, added)));
        }
        Ok(imported)
    }

    /// Adds a batch. Perhaps it is not the store that is away, but the batch that is more than the store can
    /// do in its time: so what failed is tried again in halves, down to single chats.
    async fn add(&self, batch: Batch) -> Result<Vec<Added>, StoreError> {
        let mut added = Vec::with_capacity(batch.chats().len());
        // The next one is at the end.
        let mut to_do = vec![batch];
        let mut pauses = pauses();
        while let Some(batch) = to_do.pop() {
            match self.store.add(&batch).await {
                Ok(of_batch) => {
                    added.extend(of_batch);
                    pauses = self::pauses();
                }
                Err(StoreError::Unavailable(cause)) => {
                    let pause = pauses.next().ok_or(StoreError::Unavailable(cause))?;
                    self.clock.sleep(pause).await;
                    to_do.extend(batch.halves().rev());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(added)
    }

    fn to_ready(&self, chat: ImportChat) -> ReadyChat {
        let ImportChat { audience, scope, tags, event_room, created_at } = chat;
        let (id, asked_by) = (self.ids.next(), self.asked_by.clone());
        ReadyChat { id, audience, scope, tags, event_room, asked_by, created_at }
    }
}

impl Imported {
    fn of(chat: &ReadyChat, added: Added) -> Self {
        let met = match added {
            Added::Made => return Self::Added(chat.id),
            // By a try before this one, whose answer got lost.
            Added::KeyTaken(met) if met.id == chat.id => return Self::Added(chat.id),
            Added::KeyTaken(met) => met,
            Added::RoomTaken => return Self::Refused(Refusal::EventRoomTaken),
        };
        match met.state {
            ChatState::Ready(room) if room == chat.event_room && met.tags == chat.tags => {
                Self::AlreadyThere(met.id)
            }
            ChatState::Ready(_) => Self::Refused(Refusal::AlreadyExists(met.id)),
            ChatState::Opening(_) => Self::Refused(Refusal::StillOpening(met.id)),
        }
    }
}
