//! Many chats in one go.

use std::collections::{HashMap, HashSet};
use std::mem;

use async_trait::async_trait;
use chats_domain::chat::{Chat, ChatState};
use chats_domain::ports::{Added, Batch, BulkStore, ReadyChat, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};

use crate::chat_store::{IdentifierTaken, TRIES, TooManyConflicts, all};
use crate::columns::{JsonColumn, MomentColumn, UuidColumn};
use crate::database::{Database, DieselStore};
use crate::failure::Failure;
use crate::postgres::Postgres;
use crate::row::{ChatRow, Lasting, NewChatRow};
use crate::schema::{self, chat};
use crate::sqlite::Sqlite;

#[async_trait]
impl BulkStore for DieselStore {
    async fn add(&self, batch: &Batch) -> Result<Vec<Added>, StoreError> {
        let mut unsettled = batch.chats().to_vec();
        let mut outcomes = HashMap::with_capacity(unsettled.len());
        for _ in 0..TRIES {
            if unsettled.is_empty() {
                break;
            }
            let tried = match &self.0 {
                Database::Postgres(postgres) => try_on_postgres(postgres, &unsettled).await?,
                Database::Sqlite(sqlite) => try_on_sqlite(sqlite, &unsettled).await?,
            };
            let tried = Outcomes::try_from(tried)?;
            for chat in mem::take(&mut unsettled) {
                match tried.of(&chat)? {
                    Some(outcome) => drop(outcomes.insert(chat.id, outcome)),
                    None => unsettled.push(chat),
                }
            }
        }
        let in_order = batch.chats().iter().map(|chat| outcomes.remove(&chat.id));
        let complete: Option<_> = in_order.collect();
        complete.ok_or_else(|| StoreError::Unavailable(Box::new(TooManyConflicts)))
    }
}

/// What came of a try to insert chats.
struct Tried {
    made: HashSet<ChatId>,
    /// What has the keys, rooms and identifiers of the others, if it is not gone again.
    in_the_way: Vec<ChatRow>,
}

/// The same, to look up in.
struct Outcomes {
    made: HashSet<ChatId>,
    by_key: HashMap<(Audience, Scope), Chat>,
    rooms: HashSet<EventRoomId>,
    ids: HashSet<ChatId>,
}

impl TryFrom<Tried> for Outcomes {
    type Error = StoreError;

    fn try_from(Tried { made, in_the_way }: Tried) -> Result<Self, StoreError> {
        let met = all(in_the_way)?;
        Ok(Self {
            made,
            rooms: met.iter().filter_map(room_of).collect(),
            ids: met.iter().map(|it| it.id).collect(),
            by_key: met
                .into_iter()
                .map(|it| ((it.audience.clone(), it.scope.clone()), it))
                .collect(),
        })
    }
}

impl Outcomes {
    /// What came of a chat; `None` if whatever stood in its way is gone.
    fn of(&self, chat: &ReadyChat) -> Result<Option<Added>, StoreError> {
        if self.made.contains(&chat.id) {
            return Ok(Some(Added::Made));
        }
        if let Some(met) = self.by_key.get(&(chat.audience.clone(), chat.scope.clone())) {
            return Ok(Some(Added::KeyTaken(met.clone())));
        }
        if self.rooms.contains(&chat.event_room) {
            return Ok(Some(Added::RoomTaken));
        }
        if self.ids.contains(&chat.id) {
            return Err(StoreError::Failed(Box::new(IdentifierTaken)));
        }
        Ok(None)
    }
}

fn room_of(chat: &Chat) -> Option<EventRoomId> {
    match chat.state {
        ChatState::Opening(opening) => opening.existing_room,
        ChatState::Ready(room) => Some(room),
    }
}

/// The identifier of a row that was inserted.
#[derive(QueryableByName)]
struct MadeRow {
    #[diesel(sql_type = schema::Uuid)]
    id: UuidColumn,
}

/// The chats are inserted in the order of their keys, so that two imports of the same chats wait for each
/// other in one direction alone.
const INSERT: &str = r#"
    INSERT INTO chat (id, audience, scope, tags, event_room_id, created_at, state, attempt, asked_by)
    SELECT id, audience, scope, tags, event_room_id, created_at, 'ready', 1, asked_by
    FROM unnest($1, $2, $3, $4, $5, $6, $7)
        AS new (id, audience, scope, tags, event_room_id, created_at, asked_by)
    ORDER BY audience COLLATE "C", scope COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING id"#;

/// One statement looks for all of it: between two, a chat that has both the key and the room could come,
/// and seem to have the room alone. Each part uses an index.
const IN_THE_WAY: &str = "
    SELECT chat.* FROM unnest($1, $2) AS new (audience, scope) JOIN chat USING (audience, scope)
    UNION ALL
    SELECT chat.* FROM chat WHERE event_room_id = ANY ($3)
    UNION ALL
    SELECT chat.* FROM chat WHERE id = ANY ($4)";

/// A chat that is in the way. It lasts perhaps, but not that there is no other: a server that takes no writes any
/// more may have the chat with the room, and not yet the one with the key.
#[derive(QueryableByName)]
struct InTheWay {
    #[diesel(embed)]
    chat: ChatRow,
}

impl Lasting for InTheWay {}

async fn try_on_postgres(postgres: &Postgres, chats: &[ReadyChat]) -> Result<Tried, Failure> {
    let tags = |chat: &ReadyChat| chat.tags.as_ref().map(|tags| JsonColumn(tags.as_json().into()));
    let insert = diesel::sql_query(INSERT)
        .bind::<Array<schema::Uuid>, _>(column(chats, |it| UuidColumn(it.id.as_uuid())))
        .bind::<Array<Text>, _>(column(chats, |it| it.audience.as_str().to_owned()))
        .bind::<Array<Text>, _>(column(chats, |it| it.scope.as_str().to_owned()))
        .bind::<Array<Nullable<schema::JsonText>>, _>(column(chats, tags))
        .bind::<Array<schema::Uuid>, _>(column(chats, |it| UuidColumn(it.event_room.as_uuid())))
        .bind::<Array<schema::Moment>, _>(column(chats, |it| MomentColumn(it.created_at)))
        .bind::<Array<Text>, _>(column(chats, |it| it.asked_by.to_string()));
    let made: Vec<MadeRow> = postgres.change(insert).await?;
    let made: HashSet<_> = made.into_iter().map(|row| ChatId::from(row.id.0)).collect();
    if made.len() == chats.len() {
        return Ok(Tried { made, in_the_way: Vec::new() });
    }

    let others: Vec<_> = chats.iter().filter(|chat| !made.contains(&chat.id)).cloned().collect();
    let look = diesel::sql_query(IN_THE_WAY)
        .bind::<Array<Text>, _>(column(&others, |it| it.audience.as_str().to_owned()))
        .bind::<Array<Text>, _>(column(&others, |it| it.scope.as_str().to_owned()))
        .bind::<Array<schema::Uuid>, _>(column(&others, |it| UuidColumn(it.event_room.as_uuid())))
        .bind::<Array<schema::Uuid>, _>(column(&others, |it| UuidColumn(it.id.as_uuid())));
    let in_the_way: Vec<InTheWay> = postgres.load(look).await?;
    Ok(Tried { made, in_the_way: in_the_way.into_iter().map(|it| it.chat).collect() })
}

fn column<T>(chats: &[ReadyChat], value: impl Fn(&ReadyChat) -> T) -> Vec<T> {
    chats.iter().map(value).collect()
}

async fn try_on_sqlite(sqlite: &Sqlite, chats: &[ReadyChat]) -> Result<Tried, Failure> {
    let chats = chats.to_vec();
    let insert_each = move |connection: &mut SqliteConnection| {
        let mut tried = Tried { made: HashSet::new(), in_the_way: Vec::new() };
        for chat in &chats {
            let row = NewChatRow::from(chat);
            let insert = diesel::insert_into(chat::table).values(row).on_conflict_do_nothing();
            if insert.execute(connection)? == 1 {
                tried.made.insert(chat.id);
                continue;
            }
            let has_key =
                chat::audience.eq(chat.audience.as_str()).and(chat::scope.eq(chat.scope.as_str()));
            let has_room = chat::event_room_id.eq(UuidColumn(chat.event_room.as_uuid()));
            let has_id = chat::id.eq(UuidColumn(chat.id.as_uuid()));
            let has_any = has_key.or(has_room).or(has_id);
            let in_the_way = chat::table.filter(has_any).select(ChatRow::as_select());
            tried.in_the_way.extend(in_the_way.load(connection)?);
        }
        Ok(tried)
    };
    sqlite.transaction(insert_each).await
}
