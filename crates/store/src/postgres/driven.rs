use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::connector::Connector;

/// A connection of a runtime, whose task ends with it.
pub(super) struct Driven {
    pub(super) connection: Connection,
    connector: Connector,
    is_given_up: AtomicBool,
    /// Since when it has given no answer, though it was asked. Whoever asked may have left.
    silent_since: Mutex<Option<Instant>>,
}

impl Driven {
    pub(super) fn new(connection: Connection, connector: Connector) -> Self {
        let (is_given_up, silent_since) = (AtomicBool::new(false), Mutex::default());
        Self { connection, connector, is_given_up, silent_since }
    }

    /// Whether further queries may be sent on it: it is there, and was never silent for `patience`.
    pub(super) fn is_alive(&self, patience: Duration) -> bool {
        let is_silent = || self.silence().is_some_and(|since| since.elapsed() >= patience);
        !self.is_given_up.load(Ordering::Relaxed) && !self.connection.is_closed() && !is_silent()
    }

    /// Notes that a query was sent.
    pub(super) fn was_asked(&self) {
        self.silence().get_or_insert_with(Instant::now);
    }

    /// Notes that a query was answered.
    pub(super) fn has_answered(&self) {
        *self.silence() = None;
    }

    /// Has no further queries sent on it.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    fn silence(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Driven {
    /// Of itself the task, and the connection with it, would wait for the answers that nobody waits for. If
    /// there are none, it tells the server of the end.
    fn drop(&mut self) {
        let is_asked = self.is_given_up.load(Ordering::Relaxed) || self.silence().is_some();
        if is_asked {
            self.connector.give_up(&self.connection);
        }
    }
}
