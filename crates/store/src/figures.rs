//! What an operator wants to know of a store, and its end.

use chats_domain::ports::StoreError;
use chats_domain::values::Timestamp;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable};

use crate::columns::MomentColumn;
use crate::database::{Database, DieselStore, on_either};
use crate::schema::Moment;

/// A partial index has them, and them alone: it is used for a state that stands in the text.
const OPENING: &str = "SELECT count(*), min(created_at) FROM chat WHERE state = 'opening'";

/// The connections of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// How many are open and not in use.
    pub idle: usize,
    /// How many are in use.
    pub used: usize,
    /// How many there may be.
    pub max: usize,
    /// How many calls wait for one.
    pub waiting: usize,
    /// How many changes wait to be committed, without a connection. SQLite has no such queue.
    pub queued_changes: usize,
}

/// The chats that are opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningChats {
    /// How many there are.
    pub count: u64,
    /// When the oldest of them was reserved; `None` if there is none.
    pub oldest: Option<Timestamp>,
}

impl DieselStore {
    /// The connections, as they are now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        match &self.0 {
            Database::Postgres(postgres) => postgres.connections(),
            Database::Sqlite(sqlite) => sqlite.connections(),
        }
    }

    /// The chats that are opening, which an index finds without looking at the others.
    pub async fn opening(&self) -> Result<OpeningChats, StoreError> {
        let rows: Vec<(i64, Option<MomentColumn>)> =
            on_either!(self, look(sql::<(BigInt, Nullable<Moment>)>(OPENING)))?;
        let (count, oldest) = rows.into_iter().next().unwrap_or_default();
        Ok(OpeningChats {
            count: count.try_into().unwrap_or_default(),
            oldest: oldest.map(|MomentColumn(moment)| moment),
        })
    }

    /// Closes the connections that belong to other runtimes than the store's own, once they have answered.
    ///
    /// To be called before those runtimes end, so that the server hears of it. Reads go on, by the others.
    pub async fn leave_other_runtimes(&self) {
        if let Database::Postgres(postgres) = &self.0 {
            postgres.leave_other_runtimes().await;
        }
    }

    /// Closes all connections, and returns once the server has been told. Further calls fail.
    pub async fn close(&self) {
        match &self.0 {
            Database::Postgres(postgres) => postgres.close().await,
            Database::Sqlite(sqlite) => sqlite.close().await,
        }
    }
}
