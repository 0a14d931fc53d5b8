//! Creating a chat from an event room that exists already.

mod common;

use chats_domain::ports::{Action, EventRooms, Object};
use chats_domain::use_cases::{CreateError, Creation};
use chats_domain::values::EventRoomId;
use chats_testkit::memory::{Answer, FakePolicy, Verdict};
use common::{SETTINGS, World, convert, found, is_opening, made, school, tutor, while_time_passes};
use uuid::Uuid;

#[tokio::test]
async fn a_convert_makes_a_chat_of_the_room_and_binds_it() {
    let world = World::new();
    let room = world.rooms.add(school());
    let chat = made(world.convert("lesson-42", room).await);

    assert_eq!(chat.event_room(), Some(room));
    assert_eq!(world.rooms.all()[&room].bound_to, Some(chat.id));
    assert_eq!(world.stored("lesson-42"), Some(chat));
}

#[tokio::test]
async fn a_repeat_finds_the_chat_even_while_the_event_service_is_down() {
    let world = World::new();
    let room = world.rooms.add(school());
    let chat = made(world.convert("lesson-42", room).await);
    world.rooms.answer_next([Answer::Unavailable]);
    assert_eq!(found(world.convert("lesson-42", room).await), chat);
}

#[tokio::test]
async fn a_room_of_another_audience_is_as_unknown_as_one_that_does_not_exist() {
    let world = World::new();
    let foreign = world.rooms.add("other.example.org".parse().unwrap());
    for room in [foreign, EventRoomId::from(Uuid::from_u128(1))] {
        let result = world.convert("lesson-42", room).await;
        assert!(matches!(result, Err(CreateError::EventRoomNotFound)), "{result:?}");
    }
    assert_eq!(world.rooms.all()[&foreign].bound_to, None);
    assert!(world.store.all().is_empty());
}

#[tokio::test]
async fn a_room_that_carries_a_chat_is_taken_whoever_asks() {
    let world = World::new();
    let room = world.rooms.add(school());
    let chat = made(world.convert("lesson-42", room).await);
    let created = made(world.create("lesson-43", None).await);

    for room in [room, created.event_room().unwrap()] {
        let result = world.convert("lesson-44", room).await;
        assert!(matches!(result, Err(CreateError::EventRoomTaken)), "{result:?}");
    }
    assert_eq!(world.rooms.all()[&room].bound_to, Some(chat.id));
    assert_eq!(world.stored("lesson-44"), None);
}

#[tokio::test]
async fn the_room_of_a_chat_that_is_still_opening_is_taken_too() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownButDone]);
    assert!(world.create("lesson-42", None).await.is_err());
    let room = *world.rooms.all().keys().next().unwrap();

    let result = world.convert("lesson-43", room).await;
    assert!(matches!(result, Err(CreateError::EventRoomTaken)), "{result:?}");
    world.clock.advance(SETTINGS.pause);
    assert_eq!(made(world.create("lesson-42", None).await).event_room(), Some(room));
}

#[tokio::test]
async fn a_room_that_is_bound_to_something_else_of_the_platform_may_be_converted() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.bind(room, Uuid::from_u128(9).into()).await.unwrap();
    assert_eq!(made(world.convert("lesson-42", room).await).event_room(), Some(room));
}

#[tokio::test]
async fn another_room_or_other_tags_under_the_same_key_say_something_else() {
    let world = World::new();
    let (room, other) = (world.rooms.add(school()), world.rooms.add(school()));
    let chat = made(world.convert("lesson-42", room).await);

    let result = world.convert("lesson-42", other).await;
    assert!(matches!(result, Err(CreateError::AlreadyExists(id)) if id == chat.id), "{result:?}");
    let result = world.create("lesson-42", Some(r#"{"a":1}"#)).await;
    assert!(matches!(result, Err(CreateError::AlreadyExists(_))), "{result:?}");
    assert_eq!(world.rooms.all()[&other].bound_to, None);
}

#[tokio::test]
async fn a_create_finds_a_converted_chat_and_a_convert_a_created_one_on_the_same_room() {
    let world = World::new();
    let room = world.rooms.add(school());
    let converted = made(world.convert("lesson-42", room).await);
    assert_eq!(found(world.create("lesson-42", None).await), converted);

    let created = made(world.create("lesson-43", None).await);
    let room = created.event_room().unwrap();
    assert_eq!(found(world.convert("lesson-43", room).await), created);
}

#[tokio::test]
async fn of_identical_converts_at_once_one_makes_the_chat_and_the_rest_find_it() {
    let world = World::new();
    let room = world.rooms.add(school());
    let hold = world.rooms.hold();
    let converts: Vec<_> = (0..16)
        .map(|_| {
            let chats = world.chats.clone();
            tokio::spawn(async move { chats.convert(&tutor(), convert("lesson-42", room)).await })
        })
        .collect();
    world.rooms.until_held(16).await;
    drop(hold);

    let (mut makers, mut ids) = (0, Vec::new());
    for convert in converts {
        let chat = match while_time_passes(&world, convert).await.unwrap().unwrap() {
            Creation::Created(chat) => {
                makers += 1;
                chat
            }
            Creation::Existing(chat) => chat,
        };
        ids.push(chat.id);
    }
    ids.dedup();
    assert_eq!((makers, ids.len()), (1, 1));
    assert_eq!(world.rooms.all()[&room].bound_to, Some(ids[0]));
}

#[tokio::test]
async fn a_binding_that_was_refused_leaves_nothing() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.answer_next([Answer::Done, Answer::Refused]);
    let result = world.convert("lesson-42", room).await;
    assert!(matches!(result, Err(CreateError::EventServiceRejected(_))), "{result:?}");
    assert!(world.store.all().is_empty());
}

#[tokio::test]
async fn an_unknown_binding_keeps_the_reservation_and_a_repeat_finishes_it() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.answer_next([Answer::Done, Answer::UnknownButDone]);
    assert!(world.convert("lesson-42", room).await.is_err());
    let opening = world.stored("lesson-42").unwrap();
    assert!(is_opening(&opening));

    world.clock.advance(SETTINGS.pause);
    let chat = made(world.convert("lesson-42", room).await);
    assert_eq!((chat.id, chat.event_room()), (opening.id, Some(room)));
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn a_convert_does_not_finish_a_create_for_it_asks_for_another_room() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.answer_next([Answer::UnknownAndNotDone]);
    assert!(world.create("lesson-42", None).await.is_err());
    let opening = world.stored("lesson-42").unwrap();

    let result = while_time_passes(&world, world.convert("lesson-42", room)).await;
    assert!(matches!(result, Err(CreateError::AlreadyExists(id)) if id == opening.id));
    assert_eq!(world.stored("lesson-42"), Some(opening), "nothing was changed");
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn a_create_that_takes_a_convert_over_finishes_it_on_its_room() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.answer_next([Answer::Done, Answer::UnknownAndNotDone]);
    assert!(world.convert("lesson-42", room).await.is_err());

    world.clock.advance(SETTINGS.pause);
    assert_eq!(made(world.create("lesson-42", None).await).event_room(), Some(room));
    assert!(world.rooms.open_calls().is_empty());
}

#[tokio::test]
async fn who_may_create_may_not_therefore_convert() {
    let world = World::with_policy(FakePolicy::by(|_, _, object, action| match (object, action) {
        (Object::Chats, Action::Create) => Verdict::Allow,
        _ => Verdict::Deny,
    }));
    let room = world.rooms.add(school());
    assert!(matches!(world.convert("a", room).await, Err(CreateError::AccessDenied)));
    made(world.create("a", None).await);
}
