//! The replicated store keeps the contract of its port, whatever its replica does.

use std::sync::Arc;

use chats_domain::ports::ChatStore;
use chats_replica::ReplicatedStore;
use chats_testkit::memory::{ManualClock, MemoryStore};

use crate::support::{Does, Pair, Replica};

fn before(primary: Arc<MemoryStore>, replica: Arc<dyn ChatStore>) -> Arc<dyn ChatStore> {
    Arc::new(ReplicatedStore::new(primary, replica, Arc::<ManualClock>::default()))
}

async fn with_a_replica_that_has_all() -> (Arc<dyn ChatStore>, ()) {
    let primary = Arc::<MemoryStore>::default();
    (before(primary.clone(), primary), ())
}

async fn with_a_replica_that_lags() -> (Arc<dyn ChatStore>, ()) {
    let primary = Arc::<MemoryStore>::default();
    let replica = Replica::that_lags_behind(&primary);
    (before(primary, Arc::new(replica)), ())
}

async fn with_a_replica_that_is_down() -> (Arc<dyn ChatStore>, ()) {
    let pair = Pair::new();
    pair.replica.does(Does::Fail);
    (pair.store, ())
}

mod has_all {
    use super::with_a_replica_that_has_all;

    chats_testkit::chat_store_contract!(with_a_replica_that_has_all());
}

mod lags {
    use super::with_a_replica_that_lags;

    chats_testkit::chat_store_contract!(with_a_replica_that_lags());
    chats_testkit::stamp_contract!(
        with_a_replica_that_lags(),
        chats_testkit::contract::chat_store::model,
        [any_story_ends_as_it_does_in_memory]
    );
}

mod is_down {
    use super::with_a_replica_that_is_down;

    chats_testkit::chat_store_contract!(with_a_replica_that_is_down());
}
