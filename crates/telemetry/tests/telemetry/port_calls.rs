use std::sync::Arc;

use chats_domain::ports::{
    AccessPolicy, Action, Authenticator, ChatIds, ChatStore, EventRooms, MockChatStore,
    NewEventRoom, Object, StoreError,
};
use chats_domain::values::{Account, Audience, Timestamp};
use chats_telemetry::{
    Figures, Metrics, ObservedAuthenticator, ObservedPolicy, ObservedRooms, ObservedStore,
};
use chats_testkit::memory::{
    Answer, FakePolicy, LiteralTokens, MemoryRooms, MemoryStore, RandomIds, Verdict,
};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::{lines, metrics};

/// How often calls ended, each as `port call outcome count`.
fn ended(metrics: &Metrics) -> Vec<String> {
    let lines = lines(metrics, &Figures::default(), "chats_port_call_duration_seconds");
    let told = |line: String| {
        let values: Vec<_> = line.split('"').collect();
        let (call, outcome, port) = (values[1], values[3], values[5]);
        format!("{port} {call} {outcome}{}", values[6].trim_start_matches('}'))
    };
    let mut ended: Vec<_> = lines.into_iter().map(told).collect();
    ended.sort();
    ended
}

#[tokio::test]
async fn calls_of_the_store_are_counted_by_their_outcome() {
    let metrics = metrics();
    let store = ObservedStore::new(MemoryStore::default(), &metrics);
    assert!(store.find(RandomIds.next()).await.unwrap().is_none());
    assert!(store.find(RandomIds.next()).await.unwrap().is_none());
    let now = Timestamp::from_unix_micros(0);
    assert!(store.take_over_expired(now, now, 1).await.unwrap().is_empty());

    let mut broken = MockChatStore::new();
    broken.expect_find().returning(|_| Err(StoreError::Unavailable("it is gone".into())));
    broken.expect_release().returning(|_, _| Err(StoreError::Failed("it is odd".into())));
    let broken = ObservedStore::new(broken, &metrics);
    assert!(broken.find(RandomIds.next()).await.is_err());
    let attempt = chats_domain::chat::Attempt::FIRST;
    assert!(broken.release(RandomIds.next(), attempt).await.is_err());

    assert_eq!(
        ended(&metrics),
        [
            "chat_store find not_found 2",
            "chat_store find unavailable 1",
            "chat_store release failed 1",
            "chat_store take_over_expired ok 1",
        ]
    );
}

#[tokio::test]
async fn calls_of_the_event_service_are_counted_by_their_outcome() {
    let metrics = metrics();
    let memory = Arc::new(MemoryRooms::default());
    let rooms = ObservedRooms::new(memory.clone(), &metrics);
    memory.answer_next([
        Answer::Done,
        Answer::Refused,
        Answer::Unavailable,
        Answer::UnknownButDone,
    ]);
    for _ in 0..4 {
        let _ = rooms.open(&a_room()).await;
    }
    assert!(rooms.find(Uuid::nil().into()).await.unwrap().is_none());
    assert_eq!(
        ended(&metrics),
        [
            "event_rooms find not_found 1",
            "event_rooms open ok 1",
            "event_rooms open refused 1",
            "event_rooms open unavailable 1",
            "event_rooms open unknown 1",
        ]
    );
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_counted_as_cancelled() {
    let metrics = metrics();
    let memory = Arc::new(MemoryRooms::default());
    let rooms = ObservedRooms::new(memory.clone(), &metrics);
    let hold = memory.hold();
    assert!(rooms.open(&a_room()).now_or_never().is_none());
    drop(hold);
    assert_eq!(ended(&metrics), ["event_rooms open cancelled 1"]);
}

#[tokio::test]
async fn who_calls_and_what_they_may_do_is_counted_by_its_outcome() {
    let metrics = metrics();
    let authenticator = ObservedAuthenticator::new(LiteralTokens, &metrics);
    assert!(authenticator.authenticate("tutor.school.example.org").await.is_ok());
    assert!(authenticator.authenticate("nobody").await.is_err());

    let account: Account = "tutor.school.example.org".parse().unwrap();
    let audience: Audience = "school.example.org".parse().unwrap();
    for verdict in [Verdict::Allow, Verdict::Deny, Verdict::Unavailable] {
        let policy = ObservedPolicy::new(FakePolicy::always(verdict), &metrics);
        let answer = policy.authorize(&account, &audience, Object::Chats, Action::Create).await;
        assert_eq!(answer.is_ok(), verdict == Verdict::Allow);
    }
    assert_eq!(
        ended(&metrics),
        [
            "access_policy authorize denied 1",
            "access_policy authorize ok 1",
            "access_policy authorize unavailable 1",
            "authenticator authenticate ok 1",
            "authenticator authenticate refused 1",
        ]
    );
}

fn a_room() -> NewEventRoom {
    NewEventRoom {
        chat: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        opens_at: Timestamp::from_unix_micros(0),
    }
}
