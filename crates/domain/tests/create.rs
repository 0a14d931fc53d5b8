//! Creating a chat together with its event room.

mod common;

use std::sync::Arc;

use chats_domain::ports::{Confirmed, MockChatStore, Reserved, StoreError};
use chats_domain::use_cases::{CreateError, Creation};
use chats_testkit::memory::{Answer, FakePolicy, ManualClock, MemoryRooms, Verdict};
use common::{
    SETTINGS, World, create, found, instance, is_opening, made, tutor, while_time_passes,
};

#[tokio::test]
async fn a_create_makes_the_chat_and_its_room() {
    let world = World::new();
    let chat = made(world.create("lesson-42", Some(r#"{"grade":7}"#)).await);

    let room = &world.rooms.all()[&chat.event_room().unwrap()];
    assert_eq!(room.bound_to, Some(chat.id));
    assert_eq!(room.audience, chat.audience);
    assert_eq!(world.stored("lesson-42"), Some(chat));
}

#[tokio::test]
async fn a_repeat_finds_the_chat() {
    let world = World::new();
    let chat = made(world.create("lesson-42", Some(r#"{"a":1,"b":2}"#)).await);
    let again = found(world.create("lesson-42", Some(r#"{ "b": 2.0, "a": 1 }"#)).await);
    assert_eq!(again, chat);
    assert_eq!(world.rooms.open_calls().len(), 1);
}

#[tokio::test]
async fn a_create_that_says_something_else_changes_nothing() {
    let world = World::new();
    let chat = made(world.create("lesson-42", Some(r#"{"grade":7}"#)).await);
    for tags in [None, Some("{}"), Some(r#"{"grade":8}"#)] {
        match world.create("lesson-42", tags).await {
            Err(CreateError::AlreadyExists(id)) => assert_eq!(id, chat.id),
            other => panic!("{tags:?}: {other:?}"),
        }
    }
    assert_eq!(world.stored("lesson-42"), Some(chat));
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn a_create_that_says_something_else_waits_for_one_that_may_be_refused() {
    for (answer, is_refused) in [(Answer::Refused, true), (Answer::Done, false)] {
        let world = World::new();
        world.rooms.answer_next([answer]);
        let hold = world.rooms.hold();
        let first = world.chats.clone();
        let first =
            tokio::spawn(async move { first.create(&tutor(), create("lesson-42", None)).await });
        world.rooms.until_held(1).await;
        let second = world.chats.clone();
        let second =
            tokio::spawn(
                async move { second.create(&tutor(), create("lesson-42", Some("{}"))).await },
            );
        world.clock.until_asleep(3).await;
        drop(hold);

        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        if is_refused {
            assert!(matches!(first, Err(CreateError::EventServiceRejected(_))), "{first:?}");
            made(second);
        } else {
            let chat = made(first);
            assert!(matches!(second, Err(CreateError::AlreadyExists(id)) if id == chat.id));
        }
    }
}

#[tokio::test]
async fn of_many_identical_creates_at_once_one_makes_the_chat_and_the_rest_find_it() {
    let world = World::new();
    let hold = world.rooms.hold();
    let creators: Vec<_> = (0..64)
        .map(|_| {
            let chats = world.chats.clone();
            tokio::spawn(async move { chats.create(&tutor(), create("lesson-42", None)).await })
        })
        .collect();
    // One is with the event service, until its deadline; each of the others waits, until its own or the
    // end of the lease.
    world.rooms.until_held(1).await;
    world.clock.until_asleep(1 + 2 * 63).await;
    drop(hold);

    let mut makers = 0;
    let mut ids = Vec::new();
    for creator in creators {
        let chat = match creator.await.unwrap().unwrap() {
            Creation::Created(chat) => {
                makers += 1;
                chat
            }
            Creation::Existing(chat) => chat,
        };
        assert!(chat.event_room().is_some());
        ids.push(chat.id);
    }
    ids.dedup();
    assert_eq!((makers, ids.len()), (1, 1));
    assert_eq!(world.rooms.open_calls().len(), 1);
}

#[tokio::test]
async fn a_create_that_the_event_service_did_not_carry_out_leaves_nothing() {
    let world = World::new();
    world.rooms.answer_next([Answer::Refused, Answer::Unavailable]);

    let refused = world.create("lesson-42", None).await;
    assert!(matches!(refused, Err(CreateError::EventServiceRejected(_))), "{refused:?}");
    let unreachable = world.create("lesson-42", None).await;
    assert!(matches!(unreachable, Err(CreateError::EventServiceUnavailable(_))));
    assert_eq!((world.store.all().len(), world.rooms.all().len()), (0, 0));
}

#[tokio::test]
async fn an_unknown_outcome_keeps_the_reservation_and_a_repeat_converges_on_the_same_chat() {
    for answer in [Answer::UnknownButDone, Answer::UnknownAndNotDone] {
        let world = World::new();
        world.rooms.answer_next([answer]);
        let unknown = world.create("lesson-42", None).await;
        assert!(matches!(unknown, Err(CreateError::EventServiceUnavailable(_))), "{unknown:?}");

        let opening = world.stored("lesson-42").unwrap();
        assert!(is_opening(&opening));
        assert_eq!(opening.event_room(), None);

        world.clock.advance(SETTINGS.pause);
        let chat = made(world.create("lesson-42", None).await);
        assert_eq!(chat.id, opening.id);
        assert_eq!(world.rooms.all().len(), 1, "the event service honours the key");
        let calls = world.rooms.open_calls();
        assert_eq!(calls[0], calls[1], "each attempt asks for the very same room");
    }
}

#[tokio::test]
async fn a_refusal_after_an_unknown_outcome_is_none_for_the_room_may_exist() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownButDone, Answer::Refused]);
    assert!(world.create("lesson-42", None).await.is_err());

    world.clock.advance(SETTINGS.pause);
    let refused = world.create("lesson-42", None).await;
    assert!(matches!(refused, Err(CreateError::EventServiceUnavailable(_))), "{refused:?}");
    assert!(is_opening(&world.stored("lesson-42").unwrap()));

    made(while_time_passes(&world, world.create("lesson-42", None)).await);
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn a_creator_that_was_overtaken_finds_what_the_other_made() {
    let world = World::new();
    let hold = world.rooms.hold();
    let slow = world.chats.clone();
    let slow = tokio::spawn(async move { slow.create(&tutor(), create("lesson-42", None)).await });
    world.rooms.until_held(1).await;

    world.clock.advance(SETTINGS.lease);
    let other = world.another_instance();
    let other =
        tokio::spawn(async move { other.create(&tutor(), create("lesson-42", None)).await });
    world.rooms.until_held(2).await;
    drop(hold);

    let made_by_the_other = made(other.await.unwrap());
    // It may have to wait for the other, by looking again.
    assert_eq!(found(while_time_passes(&world, slow).await.unwrap()), made_by_the_other);
    assert_eq!(world.rooms.all().len(), 1);
}

#[tokio::test]
async fn a_creator_waits_for_another_instance_by_looking_again() {
    let world = World::new();
    let hold = world.rooms.hold();
    let one = world.chats.clone();
    let one = tokio::spawn(async move { one.create(&tutor(), create("lesson-42", None)).await });
    world.rooms.until_held(1).await;
    let other = world.another_instance();
    let other =
        tokio::spawn(async move { other.create(&tutor(), create("lesson-42", None)).await });
    // Each until its deadline, or the other looks again.
    world.clock.until_asleep(3).await;
    drop(hold);
    let chat = made(one.await.unwrap());
    assert_eq!(found(while_time_passes(&world, other).await.unwrap()), chat);
}

#[tokio::test]
async fn a_creator_that_dies_is_succeeded_once_its_lease_expired() {
    let world = World::new();
    let hold = world.rooms.hold();
    let dying = world.chats.clone();
    let dying =
        tokio::spawn(async move { dying.create(&tutor(), create("lesson-42", None)).await });
    world.rooms.until_held(1).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    drop(hold);

    let opening = world.stored("lesson-42").unwrap();
    world.clock.advance(SETTINGS.lease);
    assert_eq!(made(world.create("lesson-42", None).await).id, opening.id);
}

#[tokio::test]
async fn who_may_not_create_touches_nothing() {
    let world = World::with_policy(FakePolicy::always(Verdict::Deny));
    assert!(matches!(world.create("a", None).await, Err(CreateError::AccessDenied)));

    let silent = World::with_policy(FakePolicy::always(Verdict::Unavailable));
    assert!(matches!(silent.create("a", None).await, Err(CreateError::AccessUnavailable(_))));

    for world in [world, silent] {
        assert_eq!((world.store.all().len(), world.rooms.open_calls().len()), (0, 0));
    }
}

#[tokio::test]
async fn a_store_that_fails_half_way_is_told_as_it_is() {
    let unavailable = || Err(StoreError::Unavailable("scripted".into()));
    let clock = Arc::new(ManualClock::default());
    let allow = || Arc::new(FakePolicy::always(Verdict::Allow));

    // Before anything was done.
    let mut store = MockChatStore::new();
    store.expect_reserve().return_once(move |_| unavailable());
    let rooms = Arc::new(MemoryRooms::default());
    let chats = instance(Arc::new(store), &rooms, &clock, allow());
    let result = chats.create(&tutor(), create("a", None)).await;
    assert!(matches!(result, Err(CreateError::StoreUnavailable(_))), "{result:?}");
    assert!(rooms.open_calls().is_empty());

    // After the room was opened: nobody is told that the chat is there.
    let mut store = MockChatStore::new();
    store.expect_reserve().return_once(|_| Ok(Reserved::Made));
    store
        .expect_confirm()
        .return_once(|_, _, _| Err::<Confirmed, _>(StoreError::Unavailable("scripted".into())));
    let chats = instance(Arc::new(store), &rooms, &clock, allow());
    let result = chats.create(&tutor(), create("a", None)).await;
    assert!(matches!(result, Err(CreateError::StoreUnavailable(_))), "{result:?}");

    // After a refusal: the reservation is still there, and so it is no plain refusal.
    let mut store = MockChatStore::new();
    store.expect_reserve().return_once(|_| Ok(Reserved::Made));
    store.expect_release().return_once(|_, _| Err(StoreError::Unavailable("scripted".into())));
    rooms.answer_next([Answer::Refused]);
    let chats = instance(Arc::new(store), &rooms, &clock, allow());
    let result = chats.create(&tutor(), create("a", None)).await;
    assert!(matches!(result, Err(CreateError::StoreUnavailable(_))), "{result:?}");
}
