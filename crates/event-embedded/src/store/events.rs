use chats_domain::values::Timestamp;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::columns::{Id, Json};
use super::schema::event;
use super::{Store, StoreError};
use crate::events::{Direction, Event, EventQuery};

impl Store {
    /// Adds an event and returns it, timed after all that came before in its room: so a listing can go
    /// on from any event and misses none, even where two came in the same microsecond.
    pub(crate) async fn add_event(&self, mut event: Event) -> Result<Event, StoreError> {
        self.run(move |connection| {
            connection.immediate_transaction(|connection| {
                let last: Option<i64> = event::table
                    .filter(event::room_id.eq(Id(event.room_id)))
                    .select(max(event::occurred_at_ns))
                    .first(connection)?;
                let next = last.map_or(i64::MIN, |last| last.saturating_add(1));
                event.occurred_at_ns = event.occurred_at_ns.max(next);
                diesel::insert_into(event::table)
                    .values(EventRow::from(&event))
                    .execute(connection)?;
                Ok(event)
            })
        })
        .await
    }

    /// The events that `query` asks for.
    pub(crate) async fn events(&self, query: EventQuery) -> Result<Vec<Event>, StoreError> {
        self.run(move |connection| {
            let mut events = event::table
                .filter(event::room_id.eq(Id(query.room_id)))
                .select(EventRow::as_select())
                .limit(query.limit)
                .into_boxed();
            if let Some(kind) = query.kind {
                events = events.filter(event::kind.eq(kind));
            }
            events = match query.direction {
                Direction::Forward => events.order((event::occurred_at_ns.asc(), event::seq.asc())),
                Direction::Backward => {
                    events.order((event::occurred_at_ns.desc(), event::seq.desc()))
                }
            };
            if let Some(last) = query.last_occurred_at_ns {
                events = match query.direction {
                    Direction::Forward => events.filter(event::occurred_at_ns.gt(last)),
                    Direction::Backward => events.filter(event::occurred_at_ns.lt(last)),
                };
            }
            let rows = events.load(connection)?;
            Ok(rows.into_iter().map(Event::from).collect())
        })
        .await
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event, check_for_backend(Sqlite))]
struct EventRow {
    id: Id,
    room_id: Id,
    kind: String,
    set_name: String,
    label: Option<String>,
    attribute: Option<String>,
    data: Json,
    removed: bool,
    occurred_at_ns: i64,
    created_by: String,
    created_at_us: i64,
}

impl From<&Event> for EventRow {
    fn from(event: &Event) -> Self {
        Self {
            id: Id(event.id),
            room_id: Id(event.room_id),
            kind: event.kind.clone(),
            set_name: event.set.clone(),
            label: event.label.clone(),
            attribute: event.attribute.clone(),
            data: Json(event.data.clone()),
            removed: event.removed,
            occurred_at_ns: event.occurred_at_ns,
            created_by: event.created_by.clone(),
            created_at_us: event.created_at.as_unix_micros(),
        }
    }
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id.0,
            room_id: row.room_id.0,
            kind: row.kind,
            set: row.set_name,
            label: row.label,
            attribute: row.attribute,
            data: row.data.0,
            removed: row.removed,
            occurred_at_ns: row.occurred_at_ns,
            created_by: row.created_by,
            created_at: Timestamp::from_unix_micros(row.created_at_us),
        }
    }
}
