use super::place::{Creation, Wanted};
use super::{Chats, CreateError};
use crate::ports::{Action, Object};
use crate::values::{Account, Audience, EventRoomId, Scope, Tags};

/// A chat to create from an event room that exists already.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertChat {
    /// The tenant's name space, which the room belongs to.
    pub audience: Audience,
    /// The tenant's own key within the audience.
    pub scope: Scope,
    /// What the tenant notes of the chat.
    pub tags: Option<Tags>,
    /// The room.
    pub event_room: EventRoomId,
}

impl Chats {
    /// Creates a chat from an event room, or finds the chat that an equal request created before.
    pub async fn convert(
        &self,
        account: &Account,
        chat: ConvertChat,
    ) -> Result<Creation, CreateError> {
        let ConvertChat { audience, scope, tags, event_room } = chat;
        let mut deadline = self.deadline();
        let asked = self.ports.access.authorize(account, &audience, Object::Chats, Action::Convert);
        deadline.bound(asked).await?;

        let asked_by = account.clone();
        let wanted = Wanted { audience, scope, tags, room: Some(event_room), asked_by };
        self.place(wanted, deadline).await
    }
}
