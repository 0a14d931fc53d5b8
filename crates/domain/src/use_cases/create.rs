use super::place::{Creation, Wanted};
use super::{Chats, CreateError};
use crate::ports::{Action, Object};
use crate::values::{Account, Audience, Scope, Tags};

/// A chat to create together with its event room.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateChat {
    /// The tenant's name space.
    pub audience: Audience,
    /// The tenant's own key within the audience.
    pub scope: Scope,
    /// What the tenant notes of the chat.
    pub tags: Option<Tags>,
}

impl Chats {
    /// Creates a chat and its event room, or finds the chat that an equal request created before.
    pub async fn create(
        &self,
        account: &Account,
        chat: CreateChat,
    ) -> Result<Creation, CreateError> {
        let CreateChat { audience, scope, tags } = chat;
        let mut deadline = self.deadline();
        let asked = self.ports.access.authorize(account, &audience, Object::Chats, Action::Create);
        deadline.bound(asked).await?;

        let asked_by = account.clone();
        let wanted = Wanted { audience, scope, tags, room: None, asked_by };
        self.place(wanted, deadline).await
    }
}
