use std::time::Duration;

use super::{Chats, ReadError};
use crate::chat::Chat;
use crate::ports::{AccessError, Action, Object};
use crate::values::{Account, Audience, ChatId, Scope};

/// A refusal takes this long at least. To look for a chat takes less, be it in a cache or in the store, so
/// that time does not tell whether there is one.
const REFUSAL: Duration = Duration::from_millis(50);

impl Chats {
    /// Reads a chat by its identifier.
    pub async fn read(&self, account: &Account, id: ChatId) -> Result<Chat, ReadError> {
        let mut deadline = self.deadline();
        let found = deadline.bound(self.ports.store.find(id)).await?;
        let chat = found.ok_or(ReadError::NotFound)?;
        deadline.bound(self.may_read(account, &chat.audience, Object::Chat(id))).await?;
        Ok(chat)
    }

    /// Reads a chat by the tenant's own key.
    ///
    /// Where there is no chat, only who may read the audience's chats at large is told so: to everyone
    /// else a chat that is not there looks like one that is, and takes as long.
    pub async fn read_by_key(
        &self,
        account: &Account,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Chat, ReadError> {
        let mut deadline = self.deadline();
        let refusal = self.ports.clock.sleep(REFUSAL);
        let found = deadline.bound(self.ports.store.find_by_key(audience, scope)).await;
        let object = match &found {
            Ok(Some(chat)) => Object::Chat(chat.id),
            // Nor does a store that is down tell which chats a cache still knows.
            Ok(None) | Err(_) => Object::Chats,
        };
        let allowed = deadline.bound(self.may_read(account, audience, object)).await;
        if let Err(AccessError::Denied) = allowed {
            refusal.await;
            return Err(ReadError::AccessDenied);
        }
        let chat = found?;
        allowed?;
        chat.ok_or(ReadError::NotFound)
    }

    async fn may_read(
        &self,
        account: &Account,
        audience: &Audience,
        object: Object,
    ) -> Result<(), AccessError> {
        self.ports.access.authorize(account, audience, object, Action::Read).await
    }
}
