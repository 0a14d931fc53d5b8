//! Chats that were left half made, by a creator that died or that was not told what became of its room.

use std::time::Duration;

use futures_util::future::join_all;

use super::deadline::Deadline;
use super::open::{Opened, Ours};
use super::{Chats, CreateError, Settings};
use crate::chat::{Attempt, Chat, ChatState, Opening};
use crate::ports::StoreError;
use crate::values::{ChatId, Timestamp};

/// What came of one attempt to finish a chat.
#[derive(Debug)]
pub struct Recovery {
    /// The chat.
    pub chat: ChatId,
    /// When the chat was reserved.
    pub created_at: Timestamp,
    /// The attempt that this was.
    pub attempt: Attempt,
    /// How it ended. After an error the next attempt comes after a pause.
    pub result: Result<Recovered, CreateError>,
}

/// How an attempt to finish a chat ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// The chat is ready.
    Ready,
    /// Someone else has taken the chat over meanwhile, and finishes it.
    Overtaken,
}

impl Chats {
    /// Makes an attempt on each of up to `limit` chats that nobody worked on at the moment `due`, all at
    /// once.
    ///
    /// Any number of instances may do this at the same time. If as many chats as `limit` are returned,
    /// there may be more; none is returned twice for the same `due`, which is not in the future.
    pub async fn recover(&self, due: Timestamp, limit: u32) -> Result<Vec<Recovery>, StoreError> {
        let lease_until = self.ports.clock.now().plus(self.settings.lease);
        let chats = self.ports.store.take_over_expired(due, lease_until, limit).await?;
        let recoveries = chats.into_iter().filter_map(|chat| match chat.state {
            ChatState::Opening(opening) => Some(self.recover_one(chat, opening)),
            ChatState::Ready(_) => None,
        });
        Ok(join_all(recoveries).await)
    }

    async fn recover_one(&self, chat: Chat, opening: Opening) -> Recovery {
        let Chat { id, created_at, .. } = chat;
        let flight = self.in_flight.start(id, opening.attempt);
        let mut deadline = Deadline::after(&*self.ports.clock, self.settings.lease);
        let result = match self.open(Ours { chat, opening, flight }, &mut deadline).await {
            Ok(Opened::Ready(_)) => Ok(Recovered::Ready),
            Ok(Opened::Overtaken) => Ok(Recovered::Overtaken),
            Ok(Opened::InDoubt(error)) | Err(error) => Err(error),
        };
        Recovery { chat: id, created_at, attempt: opening.attempt, result }
    }
}

impl Settings {
    /// How long to wait after `attempt` before the next.
    ///
    /// The random part comes from the chat's identifier, whose last bits are random (RFC 9562, section
    /// 5.7): chats that failed together are tried again apart.
    pub(super) fn pause_after(&self, attempt: Attempt, chat: ChatId) -> Duration {
        let doublings = attempt.number().saturating_sub(1).min(31);
        let pause = self.pause.saturating_mul(1 << doublings).min(self.longest_pause);
        let (_, random) = chat.as_uuid().as_u64_pair();
        let share = random.rotate_left(doublings) % 1_000;
        pause / 2 + pause / 2 * u32::try_from(share).unwrap_or_default() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const SETTINGS: Settings = Settings {
        lease: Duration::from_secs(4),
        deadline: Duration::from_secs(8),
        tries: 1,
        pause: Duration::from_secs(1),
        longest_pause: Duration::from_mins(1),
    };

    proptest! {
        #[test]
        fn a_pause_doubles_up_to_the_longest_and_at_most_half_of_it_is_left_out(
            attempt in 1_u32.., chat in any::<u128>(),
        ) {
            let chat = ChatId::from(Uuid::from_u128(chat));
            let whole = (1_u64 << (attempt - 1).min(20)).min(60);
            let pause = SETTINGS.pause_after(Attempt::from_number(attempt), chat);
            prop_assert!(pause <= Duration::from_secs(whole));
            prop_assert!(pause >= Duration::from_secs(whole) / 2);
        }
    }
}
