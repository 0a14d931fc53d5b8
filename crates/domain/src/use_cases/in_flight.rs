//! Which chats this process is opening right now.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::Shared;

use crate::values::ChatId;

/// The chats that this process is opening. Whoever meets one of them waits for its end.
#[derive(Default)]
pub(super) struct InFlight {
    flights: Arc<Mutex<Flights>>,
    count: AtomicU64,
}

/// The last flight that started for each chat, by its number: one that was overtaken may still be about.
type Flights = HashMap<ChatId, (u64, Ended)>;

/// Ready once an opening has ended, well or not. The channel carries nothing: it closes.
pub(super) type Ended = Shared<oneshot::Receiver<()>>;

/// An opening in this process. It ends when this is dropped, be it by a cancelled request.
pub(super) struct Flight {
    chat: ChatId,
    number: u64,
    flights: Arc<Mutex<Flights>>,
    _ends_when_dropped: oneshot::Sender<()>,
}

impl InFlight {
    /// Starts an opening.
    pub(super) fn start(&self, chat: ChatId) -> Flight {
        let (sender, receiver) = oneshot::channel();
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        lock(&self.flights).insert(chat, (number, receiver.shared()));
        Flight { chat, number, flights: Arc::clone(&self.flights), _ends_when_dropped: sender }
    }

    /// The end of the opening of `chat`, if it is this process that opens it.
    pub(super) fn end_of(&self, chat: ChatId) -> Option<Ended> {
        lock(&self.flights).get(&chat).map(|(_, ended)| ended.clone())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights);
        if flights.get(&self.chat).is_some_and(|(number, _)| *number == self.number) {
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

        let flight = in_flight.start(chat);
        let (one, other) = (in_flight.end_of(chat).unwrap(), in_flight.end_of(chat).unwrap());
        assert!(one.clone().now_or_never().is_none());

        drop(flight);
        assert!(in_flight.end_of(chat).is_none());
        let _ = block_on(one);
        let _ = block_on(other);
    }

    #[test]
    fn the_end_of_a_flight_that_was_overtaken_is_not_the_end_of_the_other() {
        let in_flight = InFlight::default();
        let chat = ChatId::from(Uuid::from_u128(7));
        let overtaken = in_flight.start(chat);
        let other = in_flight.start(chat);

        drop(overtaken);
        assert!(in_flight.end_of(chat).unwrap().now_or_never().is_none());
        drop(other);
        assert!(in_flight.end_of(chat).is_none());
    }
}
