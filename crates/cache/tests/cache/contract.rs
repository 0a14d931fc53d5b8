//! The cached store keeps the contract of its port, however much it can keep.

use std::num::NonZeroU64;
use std::sync::Arc;

use chats_cache::CachedStore;
use chats_domain::ports::ChatStore;
use chats_testkit::memory::MemoryStore;

async fn fresh(bytes: u64) -> (Arc<dyn ChatStore>, ()) {
    let store = Arc::new(MemoryStore::default());
    (Arc::new(CachedStore::new(store, NonZeroU64::new(bytes).unwrap())), ())
}

mod with_room_for_all {
    use super::fresh;

    chats_testkit::chat_store_contract!(fresh(64 << 20));
    chats_testkit::stamp_contract!(
        fresh(64 << 20),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}

mod with_room_for_few {
    use super::fresh;

    chats_testkit::chat_store_contract!(fresh(1024));
    chats_testkit::stamp_contract!(
        fresh(1024),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}

mod with_room_for_none {
    use super::fresh;

    chats_testkit::chat_store_contract!(fresh(1));
}
