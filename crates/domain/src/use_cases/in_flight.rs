//! Which chats this process is opening right now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::Shared;

use crate::values::ChatId;

/// The chats that this process is opening. Whoever meets one of them waits for its end.
#[derive(Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<ChatId, Ended>>>);

/// Ready once an opening has ended, well or not. The channel carries nothing: it closes.
pub(super) type Ended = Shared<oneshot::Receiver<()>>;

/// An opening in this process. It ends when this is dropped, be it by a cancelled request.
pub(super) struct Flight {
    chat: ChatId,
    all: Arc<Mutex<HashMap<ChatId, Ended>>>,
    _ends_when_dropped: oneshot::Sender<()>,
}

impl InFlight {
    /// Starts an opening.
    pub(super) fn start(&self, chat: ChatId) -> Flight {
        let (sender, receiver) = oneshot::channel();
        lock(&self.0).insert(chat, receiver.shared());
        Flight { chat, all: Arc::clone(&self.0), _ends_when_dropped: sender }
    }

    /// The end of the opening of `chat`, if it is this process that opens it.
    pub(super) fn end_of(&self, chat: ChatId) -> Option<Ended> {
        lock(&self.0).get(&chat).cloned()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.chat);
    }
}

/// No code panics while it holds the lock, and a map has no half-way state that matters here.
fn lock(all: &Mutex<HashMap<ChatId, Ended>>) -> MutexGuard<'_, HashMap<ChatId, Ended>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
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
}
