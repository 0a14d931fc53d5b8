//! Which chats this process is opening right now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::Shared;

use crate::chat::Attempt;
use crate::values::ChatId;

/// The chats that this process is opening. Whoever meets one of them waits for its end.
#[derive(Default)]
pub(super) struct InFlight {
    flights: Arc<Mutex<Flights>>,
}

/// The last flight that started for each chat: one that was overtaken may still be about.
type Flights = HashMap<ChatId, (Attempt, Ended)>;

/// Ready once an opening has ended, well or not. The channel carries nothing: it closes.
pub(super) type Ended = Shared<oneshot::Receiver<()>>;

/// An opening in this process. It ends when this is dropped, be it by a cancelled request.
pub(super) struct Flight {
    chat: ChatId,
    attempt: Attempt,
    flights: Arc<Mutex<Flights>>,
    _ends_when_dropped: oneshot::Sender<()>,
}

impl InFlight {
    /// Starts an opening.
    pub(super) fn start(&self, chat: ChatId, attempt: Attempt) -> Flight {
        let (sender, receiver) = oneshot::channel();
        lock(&self.flights).insert(chat, (attempt, receiver.shared()));
        Flight { chat, attempt, flights: Arc::clone(&self.flights), _ends_when_dropped: sender }
    }

    /// The end of this attempt to open `chat`, if it is this process that makes it.
    pub(super) fn end_of(&self, chat: ChatId, attempt: Attempt) -> Option<Ended> {
        let flights = lock(&self.flights);
        let (under_way, ended) = flights.get(&chat)?;
        (*under_way == attempt).then(|| ended.clone())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights);
        if flights.get(&self.chat).is_some_and(|(attempt, _)| *attempt == self.attempt) {
            flights.remove(&self.chat);
        }
    }
}

/// No code panics while it holds the lock, and a map has no half-way state that matters here.
fn lock(flights: &Mutex<Flights>) -> MutexGuard<'_, Flights> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_opening_ends_for_all_who_wait_when_its_flight_is_dropped() {
        let in_flight = InFlight::default();
        let chat = ChatId::from(Uuid::from_u128(7));

        let flight = in_flight.start(chat, Attempt::FIRST);
        let end_of_it = || in_flight.end_of(chat, Attempt::FIRST);
        let (one, other) = (end_of_it().unwrap(), end_of_it().unwrap());
        assert!(one.clone().now_or_never().is_none());

        drop(flight);
        assert!(end_of_it().is_none());
        let _ = block_on(one);
        let _ = block_on(other);
    }

    #[test]
    fn the_end_of_a_flight_that_was_overtaken_is_not_the_end_of_the_other() {
        let in_flight = InFlight::default();
        let chat = ChatId::from(Uuid::from_u128(7));
        let second = Attempt::FIRST.next();
        let overtaken = in_flight.start(chat, Attempt::FIRST);
        let other = in_flight.start(chat, second);
        assert!(in_flight.end_of(chat, Attempt::FIRST).is_none());

        drop(overtaken);
        assert!(in_flight.end_of(chat, second).unwrap().now_or_never().is_none());
        drop(other);
        assert!(in_flight.end_of(chat, second).is_none());
    }
}
