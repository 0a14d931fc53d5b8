//! Adapters too small for a crate of their own.

mod clock;
mod ids;
mod observed_issuers;
mod running_instance;
mod tokens;
mod watched_rooms;

pub(crate) use clock::SystemClock;
pub(crate) use ids::Uuid7;
pub(crate) use observed_issuers::ObservedIssuers;
pub(crate) use running_instance::RunningInstance;
pub(crate) use tokens::IdentityTokens;
pub(crate) use watched_rooms::WatchedRooms;
