//! Finishing what was left half made.

mod common;

use chats_domain::ports::Clock;
use chats_domain::use_cases::CreateError;
use chats_testkit::memory::Answer;
use common::{SETTINGS, World, create, is_opening, made, school, tutor};

#[tokio::test]
async fn a_chat_whose_room_nobody_heard_of_is_finished() {
    for answer in [Answer::UnknownButDone, Answer::UnknownAndNotDone] {
        let world = World::new();
        world.rooms.answer_next([answer]);
        assert!(world.create("lesson-42", None).await.is_err());
        let opening = world.stored("lesson-42").unwrap();

        world.clock.advance(SETTINGS.pause);
        let recovered = world.recover(10).await;
        assert_eq!(recovered.len(), 1);
        assert_eq!((recovered[0].chat, recovered[0].attempt.number()), (opening.id, 2));
        assert!(recovered[0].result.is_ok());
        let chat = world.stored("lesson-42").unwrap();
        assert_eq!(world.rooms.all()[&chat.event_room().unwrap()].bound_to, Some(chat.id));
        assert_eq!(world.rooms.all().len(), 1);
    }
}

#[tokio::test]
async fn a_convert_is_finished_on_its_room() {
    let world = World::new();
    let room = world.rooms.add(school());
    world.rooms.answer_next([Answer::Done, Answer::UnknownAndNotDone]);
    assert!(world.convert("lesson-42", room).await.is_err());

    world.clock.advance(SETTINGS.pause);
    assert!(world.recover(10).await[0].result.is_ok());
    let chat = world.stored("lesson-42").unwrap();
    assert_eq!(chat.event_room(), Some(room));
    assert_eq!(world.rooms.all()[&room].bound_to, Some(chat.id));
}

#[tokio::test]
async fn what_somebody_works_on_is_left_alone() {
    let world = World::new();
    made(world.create("ready", None).await);
    let hold = world.rooms.hold();
    let chats = world.chats.clone();
    let busy = tokio::spawn(async move { chats.create(&tutor(), create("busy", None)).await });
    world.rooms.until_held(1).await;

    assert!(world.recover(10).await.is_empty());
    drop(hold);
    made(busy.await.unwrap());
}

#[tokio::test]
async fn each_attempt_that_fails_is_followed_by_a_longer_pause() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownAndNotDone; 8]);
    assert!(world.create("lesson-42", None).await.is_err());

    let mut whole_pause = SETTINGS.pause;
    for attempt in 2..8 {
        world.clock.advance(whole_pause / 3);
        assert!(world.recover(10).await.is_empty(), "too early");
        world.clock.advance(whole_pause);
        let recovered = world.recover(10).await;
        assert_eq!(recovered[0].attempt.number(), attempt);
        let failed = &recovered[0].result;
        assert!(matches!(failed, Err(CreateError::EventServiceUnavailable(_))), "{failed:?}");
        whole_pause *= 2;
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_chat_for_the_room_may_exist() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownButDone, Answer::Refused]);
    assert!(world.create("lesson-42", None).await.is_err());

    world.clock.advance(SETTINGS.pause);
    let refused = &world.recover(10).await[0].result;
    assert!(matches!(refused, Err(CreateError::EventServiceUnavailable(_))), "{refused:?}");
    assert!(is_opening(&world.stored("lesson-42").unwrap()));
}

#[tokio::test]
async fn two_instances_share_the_work_and_a_limit_bounds_it() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownButDone; 10]);
    for n in 0..10 {
        assert!(world.create(&format!("lesson-{n}"), None).await.is_err());
    }
    world.clock.advance(SETTINGS.pause);
    let other = world.another_instance();
    let due = world.clock.now();
    let (one, other) = tokio::join!(world.chats.recover(due, 7), other.recover(due, 7));
    assert_eq!((one.unwrap().len(), other.unwrap().len()), (7, 3));
    assert!(world.recover(7).await.is_empty());
    assert_eq!(world.rooms.all().len(), 10);
}
