use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// One turn at a time for each key. None is ever forgotten, so the keys are few: the configuration bounds
/// them.
pub(crate) struct Turns<K>(Mutex<HashMap<K, Arc<Semaphore>>>);

impl<K: Clone + Eq + Hash> Turns<K> {
    /// Where the turns of `key` are taken.
    pub(crate) fn of(&self, key: &K) -> Arc<Semaphore> {
        // A map has no half-way state that matters here.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = turns.get(key) {
            return Arc::clone(turns);
        }
        let of_key = Arc::new(Semaphore::new(1));
        turns.insert(key.clone(), Arc::clone(&of_key));
        of_key
    }
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
