//! What is run: who asks for what, and how much goes wrong.

use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{ChatStore, EventRoom, Reservation};
use chats_domain::use_cases::{ConvertChat, CreateChat};
use chats_domain::values::{Account, EventRoomId, Tags};
use chats_testkit::memory::MemoryStore;
use chats_testkit::simulation::{
    Ask, BEGINNING, Budget, Database, Dice, Plan, Systems, audience, opened_room,
};
use futures_executor::block_on;
use uuid::Uuid;

/// Less than a lease, and long enough for a clock that is this far ahead to end leases early.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(3);

/// One creator, of each kind, with recovery in its own process alone, in another one too, or in another
/// one whose clock is ahead.
pub(crate) fn one_creator(budget: Budget) -> Vec<Plan> {
    let (right, ahead) = (Duration::ZERO, CLOCKS_DIFFER_BY);
    let processes = [vec![right], vec![right, right], vec![right, ahead]];
    let plans = one_creator_in_one_process(budget)
        .into_iter()
        .flat_map(|plan| processes.clone().map(|processes| Plan { processes, ..plan.clone() }));
    plans.collect()
}

/// One creator, of each kind, with recovery in its own process.
pub(crate) fn one_creator_in_one_process(budget: Budget) -> Vec<Plan> {
    let asks = [create("lesson-42", None), convert("lesson-42", None, room(1))];
    let plans = asks.map(|ask| Plan {
        processes: vec![Duration::ZERO],
        requests: vec![(0, ask)],
        rooms: rooms(),
        tries: 2,
        budget,
        answers_travel: false,
        waits_long: false,
        tolerates_orphans: false,
        systems: Systems::default(),
    });
    plans.into()
}

/// Creators of all kinds that mostly want the same.
pub(crate) fn many_creators(dice: &mut Dice, count: usize, systems: Systems) -> Plan {
    let processes = 1 + dice.below(count);
    let requests = (0..count).map(|_| (dice.below(processes), ask(dice))).collect();
    Plan {
        processes: clocks(dice, processes),
        requests,
        tries: dice.one_of(&[1, 2, 3]),
        rooms: rooms(),
        budget: Budget {
            faults: dice.below(6),
            deaths: dice.below(4),
            cancels: dice.below(2),
            waits: dice.below(6),
            recoveries: dice.below(5),
            steps: 20 + dice.below(100),
        },
        answers_travel: dice.below(2) == 0,
        waits_long: true,
        tolerates_orphans: false,
        systems,
    }
}

/// No creators, but two chats that were left half made, for three processes that recover.
pub(crate) fn half_made_chats(dice: &mut Dice) -> Plan {
    let systems = Systems { database: two_half_made_chats, ..Systems::default() };
    let budget = Budget {
        faults: dice.below(8),
        deaths: dice.below(4),
        waits: dice.below(10),
        recoveries: dice.below(10),
        steps: 20 + dice.below(100),
        ..Budget::default()
    };
    let processes = clocks(dice, 3);
    Plan { processes, requests: Vec::new(), budget, ..many_creators(dice, 1, systems) }
}

fn two_half_made_chats() -> Arc<dyn Database> {
    let store = MemoryStore::default();
    for (number, existing_room) in [(1, None), (2, Some(room(1)))] {
        let reservation = Reservation {
            id: Uuid::from_u128(number).into(),
            audience: audience(),
            scope: format!("lesson-{number}").parse().unwrap(),
            tags: None,
            existing_room,
            asked_by: Account::new("tutor", audience()).unwrap(),
            created_at: BEGINNING,
            lease_until: BEGINNING.plus(Duration::from_secs(number.try_into().unwrap())),
        };
        block_on(store.reserve(&reservation)).unwrap();
    }
    Arc::new(store)
}

/// How far the clocks of processes are ahead: not at all, or each by less than a lease.
fn clocks(dice: &mut Dice, processes: usize) -> Vec<Duration> {
    let most_tenths = dice.one_of(&[0, 10]);
    let tenths = (0..processes).map(|_| dice.below(most_tenths + 1));
    tenths.map(|tenths| CLOCKS_DIFFER_BY / 10 * u32::try_from(tenths).unwrap()).collect()
}

fn ask(dice: &mut Dice) -> Ask {
    let scope = dice.one_of(&["lesson-42", "lesson-42", "lesson-42", "lesson-43"]);
    let tags = dice.one_of(&[None, None, None, Some(r#"{"lesson":42}"#)]);
    if dice.below(2) == 0 {
        return create(scope, tags);
    }
    let room = dice.one_of(&[room(1), room(1), room(1), room(2), room(3), opened_room(0)]);
    convert(scope, tags, room)
}

/// A room of ours, one of ours that is bound to something which is no chat, and one of another audience.
fn rooms() -> Vec<(EventRoomId, EventRoom)> {
    let something = Uuid::from_u128(0xc1a5).into();
    let other = "other.example.org".parse().unwrap();
    vec![
        (room(1), EventRoom { audience: audience(), bound_to: None }),
        (room(2), EventRoom { audience: audience(), bound_to: Some(something) }),
        (room(3), EventRoom { audience: other, bound_to: None }),
    ]
}

fn room(number: u128) -> EventRoomId {
    Uuid::from_u128(0xa000 + number).into()
}

fn create(scope: &str, tags: Option<&str>) -> Ask {
    Ask::Create(CreateChat {
        audience: audience(),
        scope: scope.parse().unwrap(),
        tags: tags.map(|tags| Tags::parse(tags).unwrap()),
    })
}

fn convert(scope: &str, tags: Option<&str>, event_room: EventRoomId) -> Ask {
    Ask::Convert(ConvertChat {
        audience: audience(),
        scope: scope.parse().unwrap(),
        tags: tags.map(|tags| Tags::parse(tags).unwrap()),
        event_room,
    })
}
