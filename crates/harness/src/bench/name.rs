use std::fmt;

use clap::ValueEnum;

use crate::deployment::DatabaseKind;

/// A measurement, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Name {
    /// The ceiling: a fixed JSON of 200 bytes
    FixedJson,
    /// Reads by identifier: the token was seen before, the chat is in the cache
    WarmRead,
    /// The same by audience and scope
    WarmReadByKey,
    /// Reads by identifier without a cache of chats
    ColdRead,
    /// Reads with tokens of ES256, each of which is used once
    FirstSeenToken,
    /// Creates, with an event service of its own that keeps rooms in memory
    Create,
    /// What a create adds to the event service's own latency
    CreateLatency,
    /// Creates with the embedded event service
    CreateEmbedded,
    /// Converts of rooms that are open already
    Convert,
    /// What 10,000 connections on which nothing happens cost
    IdleConnections,
    /// Latency of warm reads that come when they come, at 70 % of the peak
    OpenLoopWarm,
    /// The same without a cache of chats
    OpenLoopCold,
    /// Warm reads on SQLite
    SqliteReadWarm,
    /// Cold reads on SQLite
    SqliteReadCold,
    /// Creates on SQLite, with an event service of its own that keeps rooms in memory
    SqliteCreate,
    /// Creates as the service is by default: SQLite and the embedded event service
    SqliteCreateEmbedded,
}

/// On which databases the service is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Databases {
    /// PostgreSQL alone
    Postgres,
    /// SQLite alone
    Sqlite,
    /// Each
    Both,
}

impl Name {
    /// Which database it is about.
    pub(super) fn database(self) -> DatabaseKind {
        match self {
            Self::SqliteReadWarm
            | Self::SqliteReadCold
            | Self::SqliteCreate
            | Self::SqliteCreateEmbedded => DatabaseKind::Sqlite,
            _ => DatabaseKind::Postgres,
        }
    }
}

impl Databases {
    pub(super) fn include(self, database: DatabaseKind) -> bool {
        match self {
            Self::Postgres => database == DatabaseKind::Postgres,
            Self::Sqlite => database == DatabaseKind::Sqlite,
            Self::Both => true,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}
