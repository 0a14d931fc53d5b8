//! The rows of the table, which are no chats: they become some, or do not.

use chats_domain::chat::{Attempt, Chat, ChatState, Opening};
use chats_domain::ports::{ReadyChat, Reservation};
use chats_domain::values::{InvalidText, Tags};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use crate::columns::{JsonColumn, MomentColumn, UuidColumn};
use crate::schema::chat;

pub(crate) const OPENING: &str = "opening";
pub(crate) const READY: &str = "ready";

/// What a chat is read from.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = chat, check_for_backend(Pg, Sqlite))]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct ChatRow {
    id: UuidColumn,
    audience: String,
    scope: String,
    tags: Option<JsonColumn>,
    event_room_id: Option<UuidColumn>,
    created_at: MomentColumn,
    state: String,
    attempt: i64,
    lease_until: Option<MomentColumn>,
}

/// A row that is read.
pub(crate) trait Lasting {
    /// Whether it will never change, so that whoever has it has it right.
    fn lasts(&self) -> bool {
        false
    }
}

impl Lasting for ChatRow {
    fn lasts(&self) -> bool {
        self.state == READY
    }
}

impl Lasting for bool {}
impl Lasting for String {}

/// What is stored of a chat that is added.
///
/// What is missing is NULL, and in no column the default: else there would be many statements, and Diesel would
/// have each prepared anew at every call. That has to be said here and of the row within.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = chat, check_for_backend(Pg, Sqlite))]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewChatRow {
    #[diesel(embed)]
    chat: ChatRow,
    asked_by: String,
}

/// Why a row is no chat. Nobody but an operator with a free hand can have written it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidRow {
    #[error("the row of a chat has a text that {0}")]
    Text(#[from] InvalidText),
    #[error("the row of a chat has an attempt that is no number of one")]
    Attempt(#[from] std::num::TryFromIntError),
    #[error("the row of a chat is neither that of an opening nor that of a ready chat")]
    State,
}

impl From<&Reservation> for NewChatRow {
    fn from(reservation: &Reservation) -> Self {
        let chat = ChatRow {
            id: UuidColumn(reservation.id.as_uuid()),
            audience: reservation.audience.as_str().into(),
            scope: reservation.scope.as_str().into(),
            tags: reservation.tags.as_ref().map(|tags| JsonColumn(tags.as_json().into())),
            event_room_id: reservation.existing_room.map(|room| UuidColumn(room.as_uuid())),
            created_at: MomentColumn(reservation.created_at),
            state: OPENING.into(),
            attempt: Attempt::FIRST.number().into(),
            lease_until: Some(MomentColumn(reservation.lease_until)),
        };
        Self { chat, asked_by: reservation.asked_by.to_string() }
    }
}

impl From<&ReadyChat> for NewChatRow {
    fn from(chat: &ReadyChat) -> Self {
        let row = ChatRow {
            id: UuidColumn(chat.id.as_uuid()),
            audience: chat.audience.as_str().into(),
            scope: chat.scope.as_str().into(),
            tags: chat.tags.as_ref().map(|tags| JsonColumn(tags.as_json().into())),
            event_room_id: Some(UuidColumn(chat.event_room.as_uuid())),
            created_at: MomentColumn(chat.created_at),
            state: READY.into(),
            attempt: Attempt::FIRST.number().into(),
            lease_until: None,
        };
        Self { chat: row, asked_by: chat.asked_by.to_string() }
    }
}

impl TryFrom<ChatRow> for Chat {
    type Error = InvalidRow;

    fn try_from(row: ChatRow) -> Result<Self, InvalidRow> {
        let room = row.event_room_id.map(|room| room.0.into());
        let state = match (row.state.as_str(), room, row.lease_until) {
            (READY, Some(room), None) => ChatState::Ready(room),
            (OPENING, existing_room, Some(lease_until)) => ChatState::Opening(Opening {
                existing_room,
                attempt: Attempt::from_number(row.attempt.try_into()?),
                lease_until: lease_until.0,
            }),
            _ => return Err(InvalidRow::State),
        };
        Ok(Self {
            id: row.id.0.into(),
            audience: row.audience.parse()?,
            scope: row.scope.parse()?,
            tags: row.tags.map(|tags| Tags::from_stored(&tags.0)),
            created_at: row.created_at.0,
            state,
        })
    }
}
