use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::columns::{MomentColumn, UuidColumn};
use crate::database::{Database, DieselStore, on_either};
use crate::failure::Failure;
use crate::place::Place;
use crate::row::{ChatRow, InvalidRow, NewChatRow, OPENING, READY};
use crate::schema::{self, chat};
use crate::update::update;

/// How often a chat is tried to be added against others that are gone again when they are looked at.
///
/// Where many ask for one chat and the event service refuses them all, several tries in a row may fail.
pub(crate) const TRIES: u32 = 100;

#[async_trait]
impl ChatStore for DieselStore {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let row = NewChatRow::from(reservation);
        let place = Place::of((&reservation.audience, &reservation.scope));
        for _ in 0..TRIES {
            let insert =
                || diesel::insert_into(chat::table).values(row.clone()).on_conflict_do_nothing();
            if on_either!(self, begin(place, insert()))? == 1 {
                return Ok(Reserved::Made);
            }
            if let Some(met) = self.conflict_with(reservation).await? {
                return Ok(met);
            }
        }
        Err(StoreError::Unavailable(Box::new(TooManyConflicts)))
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        let chats = on_either!(
            self,
            load(
                chat::table
                    .filter(chat::id.eq(UuidColumn(id.as_uuid())))
                    .select(ChatRow::as_select())
            )
        )?;
        the_only(chats)
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let chats = on_either!(
            self,
            load(
                chat::table
                    .filter(chat::audience.eq(audience.as_str().to_owned()))
                    .filter(chat::scope.eq(scope.as_str().to_owned()))
                    .select(ChatRow::as_select())
            )
        )?;
        the_only(chats)
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let next = seen.next();
        let taken = on_either!(
            self,
            execute(
                Place::of(id),
                update(
                    is_opening_at(id, seen).and(chat::lease_until.le(MomentColumn(now))),
                    (
                        chat::attempt.eq(i64::from(next.number())),
                        chat::lease_until.eq(MomentColumn(lease_until)),
                    )
                )
            )
        )?;
        Ok((taken == 1).then_some(next))
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let bound = |query: String| {
            diesel::sql_query(query)
                .bind::<schema::Moment, _>(MomentColumn(lease_until))
                .bind::<schema::Moment, _>(MomentColumn(now))
                .bind::<BigInt, _>(i64::from(limit))
        };
        let rows = match &self.0 {
            Database::Postgres(postgres) => {
                // Instances do not wait for each other: what one takes over, the others pass by.
                let query = take_over_expired(["$1", "$2", "$3"], "FOR UPDATE SKIP LOCKED");
                postgres.change(bound(query)).await
            }
            Database::Sqlite(sqlite) => {
                let query = take_over_expired(["?", "?", "?"], "");
                sqlite.change(bound(query)).await
            }
        };
        all(rows?)
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let confirmed = on_either!(
            self,
            execute(
                Place::of(id),
                update(
                    is_opening_at(id, attempt),
                    (
                        chat::state.eq(READY),
                        chat::event_room_id.eq(UuidColumn(room.as_uuid())),
                        chat::lease_until.eq(None::<MomentColumn>),
                    )
                )
            )
        );
        match confirmed {
            Ok(1) => Ok(Confirmed::Ready),
            Ok(_) => Ok(Confirmed::Overtaken),
            // Of the unique columns the room alone is set.
            Err(Failure::UniqueViolation) => Ok(Confirmed::RoomTaken),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let postponed = on_either!(
            self,
            execute(
                Place::of(id),
                update(is_opening_at(id, attempt), chat::lease_until.eq(MomentColumn(lease_until)))
            )
        )?;
        Ok(postponed == 1)
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let opening = || chat::table.filter(is_opening_at(id, attempt));
        let released = on_either!(self, execute(Place::of(id), diesel::delete(opening())))?;
        Ok(released == 1)
    }
}

impl DieselStore {
    /// Why a reservation was not made; `None` if whatever stood in its way is gone.
    ///
    /// One statement looks for all of it: between two, a chat that has both the key and the room could
    /// come, and seem to have the room alone.
    async fn conflict_with(
        &self,
        reservation: &Reservation,
    ) -> Result<Option<Reserved>, StoreError> {
        let id = UuidColumn(reservation.id.as_uuid());
        let room = reservation.existing_room;
        let in_the_way = || {
            let has_key = chat::audience
                .eq(reservation.audience.as_str().to_owned())
                .and(chat::scope.eq(reservation.scope.as_str().to_owned()));
            let has_room = chat::event_room_id.eq(room.map(|room| UuidColumn(room.as_uuid())));
            chat::table.filter(has_key.or(chat::id.eq(id))).or_filter(has_room)
        };
        let rows = on_either!(self, load(in_the_way().select(ChatRow::as_select())))?;
        let chats: Vec<Chat> = all(rows)?;

        let has_key =
            |chat: &&Chat| chat.audience == reservation.audience && chat.scope == reservation.scope;
        if let Some(chat) = chats.iter().find(has_key) {
            return Ok(Some(Reserved::KeyTaken(chat.clone())));
        }
        if chats.iter().any(|chat| chat.id == reservation.id) {
            return Err(StoreError::Failed(Box::new(IdentifierTaken)));
        }
        Ok((!chats.is_empty()).then_some(Reserved::RoomTaken))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("other chats came into the way of a new one and went, again and again")]
pub(crate) struct TooManyConflicts;

#[derive(Debug, thiserror::Error)]
#[error("another chat has the identifier")]
pub(crate) struct IdentifierTaken;

/// Whether it is the chat, opening and at `attempt`.
#[diesel::dsl::auto_type]
fn is_opening_at(id: ChatId, attempt: Attempt) -> _ {
    let id: UuidColumn = UuidColumn(id.as_uuid());
    let state: &'static str = OPENING;
    let attempt: i64 = i64::from(attempt.number());
    chat::id.eq(id).and(chat::state.eq(state)).and(chat::attempt.eq(attempt))
}

/// The state stands in the text: a partial index is not used for a value that is bound later.
fn take_over_expired([lease_until, now, limit]: [&str; 3], lock: &str) -> String {
    format!(
        "UPDATE chat SET attempt = attempt + 1, lease_until = {lease_until}
         WHERE id IN (
             SELECT id FROM chat
             WHERE state = 'opening' AND lease_until <= {now}
             ORDER BY lease_until
             LIMIT {limit}
             {lock}
         )
         RETURNING id, audience, scope, tags, event_room_id, created_at, state, attempt, lease_until"
    )
}

fn the_only(rows: Vec<ChatRow>) -> Result<Option<Chat>, StoreError> {
    Ok(all(rows)?.pop())
}

pub(crate) fn all(rows: Vec<ChatRow>) -> Result<Vec<Chat>, StoreError> {
    let chats: Result<_, InvalidRow> = rows.into_iter().map(Chat::try_from).collect();
    Ok(chats.map_err(Failure::from)?)
}
