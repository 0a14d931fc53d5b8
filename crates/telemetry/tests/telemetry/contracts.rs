//! The decorators keep the contracts of their ports.

use std::future::{Ready, ready};
use std::sync::Arc;

use chats_domain::ports::{ChatStore, EventRooms};
use chats_telemetry::{ObservedRooms, ObservedStore};
use chats_testkit::memory::{MemoryRooms, MemoryStore};

use crate::metrics;

fn store() -> Ready<(Arc<dyn ChatStore>, ())> {
    ready((Arc::new(ObservedStore::new(MemoryStore::default(), &metrics())), ()))
}

fn rooms() -> Ready<(Arc<dyn EventRooms>, ())> {
    ready((Arc::new(ObservedRooms::new(Arc::new(MemoryRooms::default()), &metrics())), ()))
}

chats_testkit::chat_store_contract!(store());
chats_testkit::event_rooms_contract!(rooms());
