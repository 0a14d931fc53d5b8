//! The ports in memory keep the contracts.

use std::sync::Arc;

use chats_domain::ports::{ChatStore, EventRooms};
use chats_testkit::memory::{MemoryRooms, MemoryStore};

mod chat_store {
    use super::*;

    chats_testkit::chat_store_contract!(async {
        (Arc::new(MemoryStore::default()) as Arc<dyn ChatStore>, ())
    });
}

mod bulk_store {
    use super::*;

    chats_testkit::bulk_store_contract!(async { (Arc::new(MemoryStore::default()), ()) });
}

mod event_rooms {
    use super::*;

    chats_testkit::event_rooms_contract!(async {
        (Arc::new(MemoryRooms::default()) as Arc<dyn EventRooms>, ())
    });
}
