use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed, StateStore};

/// With so many keys, new ones are let in without being remembered, until others are forgotten.
///
/// Whoever can fill this has a fresh key for each request, and a limit for each key does not hold them. A
/// bucket that all new keys share would stop the others instead.
pub(super) const MAX_KEYS: usize = 100_000;

/// When the bucket of each key is full again. All clones are of the same keys.
pub(super) struct Keys<K>(Arc<RwLock<HashMap<K, InMemoryState>>>);

impl<K: Hash + Eq> Keys<K> {
    /// Has the bucket of `key` fill by this time earlier.
    pub(super) fn advance(&self, key: &K, by: Nanos) {
        if let Some(state) = self.read().get(key) {
            let earlier = |full_at: Option<Nanos>| match full_at {
                Some(full_at) => Ok(((), full_at.saturating_sub(by))),
                None => Err(()),
            };
            // It fails only if the bucket was never used.
            let _ = state.measure_and_replace(&NotKeyed::NonKey, earlier);
        }
    }
}

impl<K> Keys<K> {
    /// No code panics while it holds the lock, but for lack of memory.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, InMemoryState>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, InMemoryState>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for Keys<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq + Clone> StateStore for Keys<K> {
    type Key = K;

    /// Threads exclude each other for new keys alone; so there may be a key too many for each of them.
    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let keys = self.read();
        if let Some(state) = keys.get(key) {
            return state.measure_and_replace(&NotKeyed::NonKey, f);
        }
        if keys.len() >= MAX_KEYS {
            return f(None).map(|(measured, _)| measured);
        }
        drop(keys);
        let mut keys = self.write();
        keys.entry(key.clone()).or_default().measure_and_replace(&NotKeyed::NonKey, f)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Keys<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.write().retain(|_, state| {
            // What fails replaces nothing, and so only looks.
            let look = |full_at: Option<Nanos>| Err::<((), Nanos), _>(full_at);
            let seen = state.measure_and_replace(&NotKeyed::NonKey, look);
            matches!(seen, Err(Some(full_at)) if full_at > drop_below)
        });
    }

    /// Leaves room for as many keys again, which would else be asked for at once.
    fn shrink_to_fit(&self) {
        let mut keys = self.write();
        let room = 2 * keys.len();
        keys.shrink_to(room);
    }

    fn len(&self) -> usize {
        self.read().len()
    }

    fn is_empty(&self) -> bool {
        self.read().is_empty()
    }
}
