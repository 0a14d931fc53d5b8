//! What is run: who asks for what, and how much goes wrong.

use chats_domain::ports::EventRoom;
use chats_domain::use_cases::{ConvertChat, CreateChat};
use chats_domain::values::{EventRoomId, Tags};
use chats_testkit::simulation::{Ask, Budget, Dice, Plan, Systems, audience, opened_room};
use uuid::Uuid;

/// One creator, of each kind, with recovery in its own process or in another one.
pub(crate) fn one_creator(budget: Budget) -> Vec<Plan> {
    let asks = [create("lesson-42", None), convert("lesson-42", None, room(1))];
    let plans = asks.into_iter().flat_map(|ask| {
        [1, 2].map(|processes| Plan {
            processes,
            requests: vec![(0, ask.clone())],
            rooms: rooms(),
            budget,
            answers_travel: false,
            waits_long: false,
            tolerates_orphans: false,
            systems: Systems::default(),
        })
    });
    plans.collect()
}

/// Creators of all kinds that mostly want the same.
pub(crate) fn many_creators(dice: &mut Dice, count: usize, systems: Systems) -> Plan {
    let processes = 1 + dice.below(count);
    let requests = (0..count).map(|_| (dice.below(processes), ask(dice))).collect();
    Plan {
        processes,
        requests,
        rooms: rooms(),
        budget: Budget {
            faults: dice.below(6),
            deaths: dice.below(4),
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
