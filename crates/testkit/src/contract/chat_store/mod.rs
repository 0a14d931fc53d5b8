//! The contract of [`ChatStore`](chats_domain::ports::ChatStore).

pub mod attempts;
pub mod keys;
pub mod model;
pub mod races;
pub mod reading;

use chats_domain::ports::{ChatIds, Reservation};
use chats_domain::values::{EventRoomId, Timestamp};
use uuid::Uuid;

use crate::memory::RandomIds;

/// Stamps the contract of a chat store.
///
/// It takes an expression that makes a future of a pair: a fresh, empty store as
/// `Arc<dyn ChatStore>`, and whatever must live as long as it (a directory, say; `()` if nothing).
///
/// The invoking crate depends on tokio with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! chat_store_contract {
    ($fresh_store:expr) => {
        $crate::stamp_contract!($fresh_store, $crate::contract::chat_store::reading, [
            a_reserved_chat_reads_back_by_its_identifier_and_by_its_key
            a_chat_that_is_not_there_is_none
            tags_are_kept_as_they_were_written
            times_are_kept_to_the_microsecond
            the_longest_texts_are_kept
            any_text_is_kept
        ]);
        $crate::stamp_contract!($fresh_store, $crate::contract::chat_store::keys, [
            a_taken_key_shows_the_chat_that_has_it
            the_same_reservation_again_meets_its_chat
            a_room_is_taken_by_a_chat_that_is_opening
            a_room_is_taken_by_a_chat_that_is_ready
            where_key_and_room_are_taken_it_is_the_key
            chats_that_open_new_rooms_do_not_take_each_others
            a_reservation_that_is_not_made_leaves_nothing
            keys_that_only_look_alike_are_different
            one_scope_is_another_key_in_another_audience
        ]);
        $crate::stamp_contract!($fresh_store, $crate::contract::chat_store::attempts, [
            a_lease_that_has_run_out_is_taken_over
            a_lease_that_lasts_is_not_taken_over
            only_the_attempt_that_was_seen_is_taken_over
            a_ready_chat_is_not_taken_over
            chats_whose_lease_has_run_out_are_taken_over_the_oldest_first
            a_confirmed_chat_is_ready_with_its_room
            a_chat_may_be_confirmed_with_its_existing_room
            an_attempt_that_was_overtaken_changes_nothing
            a_ready_chat_never_changes
            a_room_of_another_chat_is_not_confirmed
            a_postponed_lease_ends_then
            a_released_chat_gives_its_key_and_its_room_free
            a_chat_that_is_not_there_is_not_changed
        ]);
        $crate::stamp_contract!($fresh_store, $crate::contract::chat_store::races, [
            of_many_reservations_of_one_key_one_is_made
            of_many_reservations_of_one_room_one_is_made
            of_many_equal_reservations_one_is_made_and_the_rest_meet_it
            no_two_take_over_the_same_expired_chat
            of_many_who_take_over_one_does
            of_many_chats_confirmed_with_one_room_one_is
            a_chat_is_confirmed_or_released_and_never_both
            chats_that_come_and_go_are_met_or_make_way
        ]);
    };
}

/// A moment that the tests count from.
const START: Timestamp = Timestamp::from_unix_micros(1_732_281_600_123_456);

/// A chat to be with a new room, whose lease has run out a second after [`START`].
fn reservation(audience: &str, scope: &str) -> Reservation {
    Reservation {
        id: RandomIds.next(),
        audience: audience.parse().unwrap(),
        scope: scope.parse().unwrap(),
        tags: None,
        existing_room: None,
        asked_by: "tutor-7.school.example.org".parse().unwrap(),
        created_at: START,
        lease_until: later(1),
    }
}

/// The same with a room that exists already.
fn reservation_of_room(audience: &str, scope: &str, room: EventRoomId) -> Reservation {
    Reservation { existing_room: Some(room), ..reservation(audience, scope) }
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(START.as_unix_micros() + seconds * 1_000_000)
}

fn a_room() -> EventRoomId {
    Uuid::new_v4().into()
}
