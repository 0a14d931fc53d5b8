//! The ports in memory do as a test tells them.

use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use chats_domain::ports::{ChatIds, Clock, EventRooms, EventRoomsError, NewEventRoom};
use chats_testkit::memory::{Answer, ManualClock, MemoryRooms, RandomIds};

#[tokio::test]
async fn calls_are_answered_as_scripted_and_carried_out_or_not() {
    let rooms = MemoryRooms::default();
    rooms.answer_next([Answer::Refused, Answer::Unavailable, Answer::UnknownAndNotDone]);
    let wanted = a_new_room();
    let refused = rooms.open(&wanted).await;
    assert!(matches!(refused, Err(EventRoomsError::Refused(_))));
    let unavailable = rooms.open(&wanted).await;
    assert!(matches!(unavailable, Err(EventRoomsError::Unavailable(_))));
    let unknown = rooms.open(&wanted).await;
    assert!(matches!(unknown, Err(EventRoomsError::Unknown(_))));
    assert!(rooms.all().is_empty());

    rooms.answer_next([Answer::UnknownButDone]);
    let unknown = rooms.open(&wanted).await;
    assert!(matches!(unknown, Err(EventRoomsError::Unknown(_))));
    let opened = rooms.all().into_keys().next().unwrap();

    assert_eq!(rooms.open(&wanted).await.unwrap(), opened);
    assert_eq!(rooms.open_calls(), vec![wanted; 5]);
}

#[tokio::test]
async fn a_room_of_another_service_is_bound_to_nothing() {
    let rooms = MemoryRooms::default();
    let audience = a_new_room().audience;
    let room = rooms.add(audience.clone());
    let found = rooms.find(room).await.unwrap().unwrap();
    assert_eq!((found.audience, found.bound_to), (audience, None));
}

#[tokio::test]
async fn held_calls_are_carried_out_when_the_hold_ends() {
    let rooms = MemoryRooms::default();
    let wanted = a_new_room();
    let hold = rooms.hold();
    let test = async {
        rooms.until_held(1).await;
        assert!(rooms.all().is_empty());
        drop(hold);
    };
    let (opened, ()) = tokio::join!(rooms.open(&wanted), test);
    assert!(rooms.all().contains_key(&opened.unwrap()));
}

#[tokio::test]
async fn a_sleep_ends_when_the_clock_has_been_moved_past_it() {
    let clock = ManualClock::default();
    let (start, second) = (clock.now(), Duration::from_secs(1));
    let mut short = pin!(clock.sleep(second));
    let mut long = pin!(clock.sleep(second * 2));
    assert!(is_pending(&mut short) && is_pending(&mut long));
    clock.until_asleep(2).await;

    clock.advance(Duration::from_micros(999_999));
    assert!(is_pending(&mut short) && is_pending(&mut long));
    clock.advance(Duration::from_micros(1));
    assert_eq!(clock.now(), start.plus(second));
    assert!(!is_pending(&mut short) && is_pending(&mut long));
    clock.set(start.plus(second * 2));
    assert!(!is_pending(&mut long));
}

fn is_pending(future: &mut Pin<&mut impl Future>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut context).is_pending()
}

#[expect(clippy::unwrap_used, reason = "a test fails by a panic")]
fn a_new_room() -> NewEventRoom {
    NewEventRoom {
        chat: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        opens_at: ManualClock::default().now(),
    }
}
