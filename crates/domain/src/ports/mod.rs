//! What the use cases need from the world. An adapter implements a port and keeps its contract.
//!
//! Every port is object-safe, so that adapters are chosen at run time. With the feature `mocks` there
//! is a mock of each (`MockChatStore` and so on).

mod access;
mod ambient;
mod bulk_store;
mod chat_store;
mod event_rooms;

/// The source of a port's error, for the log; callers of a port never look into it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

pub use access::{AccessError, AccessPolicy, Action, AuthenticationError, Authenticator, Object};
pub use ambient::{ChatIds, Clock};
pub use bulk_store::{Added, Batch, BulkStore, ReadyChat};
pub use chat_store::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
pub use event_rooms::{EventRoom, EventRooms, EventRoomsError, NewEventRoom};

#[cfg(any(test, feature = "mocks"))]
pub use {
    access::{MockAccessPolicy, MockAuthenticator},
    ambient::{MockChatIds, MockClock},
    bulk_store::MockBulkStore,
    chat_store::MockChatStore,
    event_rooms::MockEventRooms,
};
