//! The protocol, broken in one place at a time, beneath the use cases. Each break must be found, else
//! the simulation proves nothing.

mod delegation;
mod rooms;
mod stores;

use std::sync::Arc;

use chats_domain::ports::{EventRooms, NewEventRoom};
use chats_domain::use_cases::Ports;
use chats_testkit::simulation::{Database, Plan, Systems, explore};
use uuid::Uuid;

use crate::plans::many_creators;
use delegation::Broken;
use rooms::{AnyAudience, RefusedIsUnknown, RemembersRefusals, UnknownIsRefused};
use stores::{
    BindsBeforeReserving, ChecksBeforeInsert, ConfirmsAnyAttempt, HasNoUniqueKeys,
    ReleasesAnyAttempt, ReleasesWhatIsRefused,
};

const A_ROOM_IS_LOST: &str = "(4) no chat stands on the room";

/// Each break is found by then.
const MOST_SEEDS: u64 = 10_000;

#[test]
fn a_release_on_an_unknown_outcome_is_found() {
    let ports = |ports| with_rooms(ports, |rooms| Arc::new(UnknownIsRefused(rooms)));
    assert_found(A_ROOM_IS_LOST, Systems { ports, ..Systems::default() });
}

#[test]
fn a_release_on_a_refusal_of_a_later_attempt_is_found() {
    let ports = |ports: Ports| {
        let refused = Arc::default();
        let (rooms, store) = (ports.rooms, ports.store);
        let rooms = Arc::new(RemembersRefusals { rooms, refused: Arc::clone(&refused) });
        let store = Arc::new(Broken(ReleasesWhatIsRefused { store, refused }));
        Ports { store, rooms, ..ports }
    };
    assert_found(A_ROOM_IS_LOST, Systems { ports, ..Systems::default() });
}

#[test]
fn a_release_without_a_look_at_the_attempt_is_found() {
    let database = || Arc::new(Broken(ReleasesAnyAttempt::default())) as Arc<dyn Database>;
    assert_found(A_ROOM_IS_LOST, Systems { database, ..Systems::default() });
}

#[test]
fn a_check_before_an_insert_is_found() {
    let database = || Arc::new(Broken(HasNoUniqueKeys::default())) as Arc<dyn Database>;
    let ports = |ports: Ports| {
        let store = Arc::new(Broken(ChecksBeforeInsert(ports.store)));
        Ports { store, ..ports }
    };
    let systems = Systems { database, ports, ..Systems::default() };
    assert_found("(2) two chats have the key", systems);
}

#[test]
fn another_key_for_each_attempt_is_found() {
    let key_of = |_: &NewEventRoom, number| Uuid::from_u128(u128::from(number));
    assert_found(A_ROOM_IS_LOST, Systems { key_of, ..Systems::default() });
}

#[test]
fn a_confirmation_without_fencing_is_found_with_an_event_service_that_ignores_the_key() {
    let database = || Arc::new(Broken(ConfirmsAnyAttempt::default())) as Arc<dyn Database>;
    let systems = Systems { database, honours_keys: false, ..Systems::default() };
    assert_found("(1) it was answered", systems);
}

#[test]
fn a_convert_without_a_look_at_the_audience_is_found() {
    let ports = |ports| with_rooms(ports, |rooms| Arc::new(AnyAudience(rooms)));
    let systems = Systems { ports, ..Systems::default() };
    assert_found("of another audience was bound", systems);
}

#[test]
fn binding_before_reserving_is_found() {
    let ports = |ports: Ports| {
        let (store, rooms) = (ports.store, Arc::clone(&ports.rooms));
        Ports { store: Arc::new(Broken(BindsBeforeReserving { store, rooms })), ..ports }
    };
    assert_found(A_ROOM_IS_LOST, Systems { ports, ..Systems::default() });
}

#[test]
fn a_refusal_that_keeps_the_reservation_is_found() {
    let ports = |ports| with_rooms(ports, |rooms| Arc::new(RefusedIsUnknown(rooms)));
    assert_found("(5)", Systems { ports, ..Systems::default() });
}

fn with_rooms(ports: Ports, broken: fn(Arc<dyn EventRooms>) -> Arc<dyn EventRooms>) -> Ports {
    Ports { rooms: broken(ports.rooms), ..ports }
}

/// Asserts that the first thing that is found to be wrong with three creators is what was broken.
fn assert_found(violation: &str, systems: Systems) {
    let tolerates_orphans = !systems.honours_keys;
    let plan = |dice: &mut _| Plan { tolerates_orphans, ..many_creators(dice, 3, systems) };
    let found = explore(0..MOST_SEEDS, plan).expect_err("the break is not found");
    println!("seed {}: {}", found.seed.unwrap_or_default(), found.violation);
    assert!(found.violation.contains(violation), "{found}");
}
