//! Reading chats back.

mod common;

use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{Action, MockChatStore, Object, StoreError};
use chats_domain::use_cases::ReadError;
use chats_domain::values::{Audience, ChatId};
use chats_testkit::memory::{Answer, FakePolicy, Verdict};
use common::{World, instance, made, school, tutor, while_time_passes};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_is_read_by_its_identifier_and_by_its_key() {
    let world = World::new();
    let chat = made(world.create("lesson-42", Some(r#"{"grade":7}"#)).await);
    assert_eq!(world.chats.read(&tutor(), chat.id).await.unwrap(), chat);
    let by_key = world.chats.read_by_key(&tutor(), &chat.audience, &chat.scope).await;
    assert_eq!(by_key.unwrap(), chat);
}

#[tokio::test]
async fn a_chat_that_is_still_opening_can_be_read_and_has_no_room() {
    let world = World::new();
    world.rooms.answer_next([Answer::UnknownButDone]);
    assert!(world.create("lesson-42", None).await.is_err());
    let chat = world.stored("lesson-42").unwrap();
    assert_eq!(world.chats.read(&tutor(), chat.id).await.unwrap().event_room(), None);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new();
    let by_id = world.chats.read(&tutor(), ChatId::from(Uuid::from_u128(1))).await;
    assert!(matches!(by_id, Err(ReadError::NotFound)));
    let by_key = world.chats.read_by_key(&tutor(), &school(), &"a".parse().unwrap()).await;
    assert!(matches!(by_key, Err(ReadError::NotFound)));
}

#[tokio::test]
async fn who_may_not_read_gets_the_same_answer_whether_the_chat_is_there_or_not() {
    let world = World::with_policy(FakePolicy::by(|_, _, _, action| match action {
        Action::Create => Verdict::Allow,
        _ => Verdict::Deny,
    }));
    let chat = made(world.create("lesson-42", None).await);
    for scope in ["lesson-42", "lesson-43"] {
        let (tutor, school, scope) = (tutor(), school(), scope.parse().unwrap());
        let read = world.chats.read_by_key(&tutor, &school, &scope);
        let time = async {
            // It waits, though nothing is left to be looked at.
            world.clock.until_asleep(1).await;
            world.clock.advance(Duration::from_secs(1));
        };
        let (read, ()) = tokio::join!(read, time);
        assert!(matches!(read, Err(ReadError::AccessDenied)), "{read:?}");
    }
    let by_id = world.chats.read(&tutor(), chat.id).await;
    assert!(matches!(by_id, Err(ReadError::AccessDenied)));
}

#[tokio::test]
async fn who_may_read_one_chat_is_not_told_which_others_are_missing() {
    let world = World::with_policy(FakePolicy::by(|_, _, object, action| match (object, action) {
        (_, Action::Create) | (Object::Chat(_), Action::Read) => Verdict::Allow,
        _ => Verdict::Deny,
    }));
    let chat = made(world.create("lesson-42", None).await);
    assert!(world.chats.read_by_key(&tutor(), &school(), &chat.scope).await.is_ok());
    let (tutor, school, scope) = (tutor(), school(), "a".parse().unwrap());
    let missing = while_time_passes(&world, world.chats.read_by_key(&tutor, &school, &scope)).await;
    assert!(matches!(missing, Err(ReadError::AccessDenied)));
}

#[tokio::test]
async fn the_policy_of_the_chats_own_audience_decides() {
    let other: Audience = "other.example.org".parse().unwrap();
    let policy = FakePolicy::by({
        let school = school();
        move |_, audience, _, _| {
            if *audience == school { Verdict::Allow } else { Verdict::Unavailable }
        }
    });
    let world = World::with_policy(policy);
    let chat = made(world.create("lesson-42", None).await);
    assert!(world.chats.read(&tutor(), chat.id).await.is_ok());
    let read = world.chats.read_by_key(&tutor(), &other, &chat.scope).await;
    assert!(matches!(read, Err(ReadError::AccessUnavailable(_))));
}

#[tokio::test]
async fn who_may_not_read_is_not_told_that_the_store_is_down() {
    let deny = Arc::new(FakePolicy::always(Verdict::Deny));
    let world = World::new();
    let mut store = MockChatStore::new();
    store.expect_find_by_key().return_once(|_, _| Err(StoreError::Unavailable("scripted".into())));
    let chats = instance(Arc::new(store), &world.rooms, &world.clock, deny);
    let (tutor, school, scope) = (tutor(), school(), "a".parse().unwrap());
    let read = while_time_passes(&world, chats.read_by_key(&tutor, &school, &scope)).await;
    assert!(matches!(read, Err(ReadError::AccessDenied)), "{read:?}");
}
