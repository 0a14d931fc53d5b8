//! The protocol, broken in one place at a time, beneath the use cases. Each break must be found, else
//! the simulation proves nothing.

mod rooms;
mod stores;

use std::sync::Arc;

use chats_domain::ports::{ChatStore, EventRooms};
use chats_testkit::memory::MemoryStore;
use chats_testkit::simulation::{Plan, Systems, explore};

use crate::plans::many_creators;
use rooms::{AnyAudience, RefusedIsUnknown, UnknownIsRefused};
use stores::{CheckBeforeInsert, NoUniqueKeys, UnfencedConfirm, UnfencedRelease};

#[test]
fn a_release_after_an_unknown_outcome_is_found() {
    let rooms = |rooms: Arc<dyn EventRooms>| Arc::new(UnknownIsRefused(rooms)) as Arc<_>;
    let found = first_found(Systems { rooms, ..Systems::default() });
    assert!(found.starts_with("(4) no chat stands on the room"), "{found}");
}

#[test]
fn a_refusal_that_keeps_the_reservation_is_found() {
    let rooms = |rooms: Arc<dyn EventRooms>| Arc::new(RefusedIsUnknown(rooms)) as Arc<_>;
    let found = first_found(Systems { rooms, ..Systems::default() });
    assert!(found.starts_with("(5)"), "{found}");
}

#[test]
fn a_release_of_a_later_attempt_is_found() {
    let database = || Arc::new(UnfencedRelease(MemoryStore::default())) as Arc<_>;
    let found = first_found(Systems { database, ..Systems::default() });
    assert!(found.starts_with("(4) no chat stands on the room"), "{found}");
}

#[test]
fn a_confirmation_that_is_not_fenced_is_found() {
    let database = || Arc::new(UnfencedConfirm::default()) as Arc<_>;
    let systems = Systems { database, honours_keys: false, ..Systems::default() };
    let plan = |dice: &mut _| Plan { tolerates_orphans: true, ..many_creators(dice, 3, systems) };
    let found = explore(0..crate::SEEDS, plan).unwrap_err().violation;
    assert!(found.starts_with("(1) it was answered"), "{found}");
}

/// To ask with a key that nobody used before is to ask an event service that ignores keys.
#[test]
fn another_key_for_each_attempt_is_found() {
    let found = first_found(Systems { honours_keys: false, ..Systems::default() });
    assert!(found.starts_with("(4) no chat stands on the room"), "{found}");
}

#[test]
fn a_check_before_an_insert_is_found() {
    let systems = Systems {
        database: || Arc::new(NoUniqueKeys(MemoryStore::default())) as Arc<_>,
        store: |store: Arc<dyn ChatStore>| Arc::new(CheckBeforeInsert(store)) as Arc<_>,
        ..Systems::default()
    };
    let found = first_found(systems);
    assert!(found.starts_with("(2) two chats have the key"), "{found}");
}

#[test]
fn a_convert_without_a_look_at_the_audience_is_found() {
    let rooms = |rooms: Arc<dyn EventRooms>| Arc::new(AnyAudience(rooms)) as Arc<_>;
    let found = first_found(Systems { rooms, ..Systems::default() });
    assert!(found.contains("of another audience was bound"), "{found}");
}

fn first_found(systems: Systems) -> String {
    let plan = |dice: &mut _| many_creators(dice, 2, systems);
    explore(0..crate::SEEDS, plan).unwrap_err().violation
}
