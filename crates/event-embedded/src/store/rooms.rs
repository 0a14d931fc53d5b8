use chats_domain::values::{Account, Timestamp};
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel::sqlite::Sqlite;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::columns::{Id, Json};
use super::schema::{idempotency_key, room};
use super::{Store, StoreError};
use crate::rooms::{Room, RoomKind, RoomTime};

/// The key that an account gave a request, and what the request said.
pub(crate) struct IdempotencyKey {
    pub(crate) account: Account,
    pub(crate) key: String,
    pub(crate) request_digest: [u8; 32],
}

/// What came of adding a room.
pub(crate) enum Added {
    /// The room that the key leads to: the new one, or the one of an earlier request.
    Room(Room),
    /// The key leads to the room of another request. Nothing was added.
    KeyReused,
}

/// What is to change in a room.
pub(crate) struct RoomChanges {
    pub(crate) time: Option<RoomTime>,
    pub(crate) tags: Option<Box<RawValue>>,
    pub(crate) classroom_id: Option<Uuid>,
}

impl Store {
    /// Adds a room, unless its key has led to one before.
    pub(crate) async fn add_room(
        &self,
        room: Room,
        key: Option<IdempotencyKey>,
    ) -> Result<Added, StoreError> {
        self.run(move |connection| match key {
            None => insert(connection, room).map(Added::Room),
            Some(key) => connection.immediate_transaction(|connection| {
                if claim(connection, &key, room.id)? {
                    insert(connection, room).map(Added::Room)
                } else {
                    room_of_key(connection, &key)
                }
            }),
        })
        .await
    }

    /// The room with this identifier.
    pub(crate) async fn find_room(&self, id: Uuid) -> Result<Option<Room>, StoreError> {
        self.run(move |connection| {
            let row = find(connection, id).optional()?;
            row.map(Room::try_from).transpose()
        })
        .await
    }

    /// Changes the room with this identifier and returns it as it is then.
    pub(crate) async fn change_room(
        &self,
        id: Uuid,
        changes: RoomChanges,
    ) -> Result<Option<Room>, StoreError> {
        self.run(move |connection| {
            let updated = diesel::update(room::table.filter(room::id.eq(Id(id))))
                .set(ChangedColumns::from(changes))
                .returning(RoomRow::as_returning())
                .get_result(connection)
                .optional_empty_changeset();
            let row = match updated {
                Ok(None) => find(connection, id),
                Ok(Some(row)) => Ok(row),
                Err(error) => Err(error),
            };
            let row = row.optional()?;
            row.map(Room::try_from).transpose()
        })
        .await
    }

    /// All rooms, or those with this `classroom_id`, the oldest first.
    pub(crate) async fn rooms(&self, classroom_id: Option<Uuid>) -> Result<Vec<Room>, StoreError> {
        self.run(move |connection| {
            let mut query = room::table.select(RoomRow::as_select()).order(room::seq).into_boxed();
            if let Some(id) = classroom_id {
                query = query.filter(room::classroom_id.eq(Id(id)));
            }
            let rows = query.load(connection)?;
            rows.into_iter().map(Room::try_from).collect()
        })
        .await
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = room, check_for_backend(Sqlite))]
struct RoomRow {
    id: Id,
    audience: String,
    opens_at_s: i64,
    closes_at_s: Option<i64>,
    tags: Option<Json>,
    preserve_history: bool,
    classroom_id: Id,
    kind: String,
    created_at_us: i64,
}

/// `None` leaves a column as it is.
#[derive(AsChangeset)]
#[diesel(table_name = room)]
#[expect(clippy::option_option, reason = "Diesel takes `Some(None)` for NULL")]
struct ChangedColumns {
    opens_at_s: Option<i64>,
    closes_at_s: Option<Option<i64>>,
    tags: Option<Json>,
    classroom_id: Option<Id>,
}

fn find(connection: &mut SqliteConnection, id: Uuid) -> QueryResult<RoomRow> {
    room::table.filter(room::id.eq(Id(id))).select(RoomRow::as_select()).first(connection)
}

fn insert(connection: &mut SqliteConnection, room: Room) -> QueryResult<Room> {
    let row = RoomRow::from(&room);
    diesel::insert_into(room::table).values(row).execute(connection)?;
    Ok(room)
}

/// Has the key lead to the room `id`, and returns whether it does: it led nowhere before.
fn claim(connection: &mut SqliteConnection, key: &IdempotencyKey, id: Uuid) -> QueryResult<bool> {
    let claimed = diesel::insert_into(idempotency_key::table)
        .values((
            idempotency_key::account_label.eq(key.account.label()),
            idempotency_key::account_audience.eq(key.account.audience().as_str()),
            idempotency_key::key.eq(&key.key),
            idempotency_key::request_digest.eq(key.request_digest.as_slice()),
            idempotency_key::room_id.eq(Id(id)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(claimed == 1)
}

fn room_of_key(connection: &mut SqliteConnection, key: &IdempotencyKey) -> QueryResult<Added> {
    let found: (Vec<u8>, Id) = idempotency_key::table
        .find((key.account.label(), key.account.audience().as_str(), &key.key))
        .select((idempotency_key::request_digest, idempotency_key::room_id))
        .first(connection)?;
    let (digest, id) = found;
    if digest != key.request_digest {
        return Ok(Added::KeyReused);
    }
    find(connection, id.0)?.try_into().map(Added::Room)
}

impl From<&Room> for RoomRow {
    fn from(room: &Room) -> Self {
        Self {
            id: Id(room.id),
            audience: room.audience.to_string(),
            opens_at_s: room.time.start(),
            closes_at_s: room.time.end(),
            tags: room.tags.clone().map(Json),
            preserve_history: room.preserve_history,
            classroom_id: Id(room.classroom_id),
            kind: room.kind.as_str().into(),
            created_at_us: room.created_at.as_unix_micros(),
        }
    }
}

impl TryFrom<RoomRow> for Room {
    type Error = diesel::result::Error;

    fn try_from(row: RoomRow) -> QueryResult<Self> {
        Ok(Self {
            id: row.id.0,
            audience: row
                .audience
                .parse()
                .map_err(|error| DeserializationError(Box::new(error)))?,
            time: RoomTime::from_stored(row.opens_at_s, row.closes_at_s),
            tags: row.tags.map(|tags| tags.0),
            preserve_history: row.preserve_history,
            classroom_id: row.classroom_id.0,
            kind: RoomKind::from_name(&row.kind)
                .ok_or_else(|| DeserializationError("an unknown kind of room".into()))?,
            created_at: Timestamp::from_unix_micros(row.created_at_us),
        })
    }
}

impl From<RoomChanges> for ChangedColumns {
    fn from(changes: RoomChanges) -> Self {
        Self {
            opens_at_s: changes.time.map(RoomTime::start),
            closes_at_s: changes.time.map(RoomTime::end),
            tags: changes.tags.map(Json),
            classroom_id: changes.classroom_id.map(Id),
        }
    }
}
