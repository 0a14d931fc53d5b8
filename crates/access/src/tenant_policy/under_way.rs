use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

/// The work that is under way, by what it is for. Whoever wants the same waits for the same work.
pub(super) struct UnderWay<K, V>(Work<K, V>);

type Work<K, V> = Arc<Mutex<HashMap<K, Outcome<V>>>>;

/// What the work comes to. It is the same for all who wait, and any of them may stop waiting.
pub(super) type Outcome<V> = Shared<BoxFuture<'static, V>>;

/// The work is not under way any more once this is dropped.
pub(super) struct EndsWhenDropped<K: Eq + Hash, V> {
    key: K,
    work: Work<K, V>,
}

impl<K: Clone + Eq + Hash, V: Clone> UnderWay<K, V> {
    /// The outcome of the work for `key`: of that which is under way, or else of what `work` makes.
    ///
    /// `work` only makes the future: it is first polled by who waits for it.
    pub(super) fn join(
        &self,
        key: K,
        work: impl FnOnce(K, EndsWhenDropped<K, V>) -> BoxFuture<'static, V>,
    ) -> Outcome<V> {
        let mut under_way = lock(&self.0);
        if let Some(outcome) = under_way.get(&key) {
            return outcome.clone();
        }
        let end = EndsWhenDropped { key: key.clone(), work: Arc::clone(&self.0) };
        let outcome = work(key.clone(), end).shared();
        under_way.insert(key, outcome.clone());
        outcome
    }
}

impl<K, V> Default for UnderWay<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash, V> Drop for EndsWhenDropped<K, V> {
    fn drop(&mut self) {
        let ended = lock(&self.work).remove(&self.key);
        // Not under the lock: nobody knows what else goes with it.
        drop(ended);
    }
}

/// No code panics while it holds the lock, and a map has no half-way state that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    type Works = UnderWay<u8, u8>;

    fn doing(outcome: u8) -> impl FnOnce(u8, EndsWhenDropped<u8, u8>) -> BoxFuture<'static, u8> {
        move |_, end| {
            async move {
                drop(end);
                outcome
            }
            .boxed()
        }
    }

    #[test]
    fn what_is_under_way_is_joined_and_what_has_ended_is_done_anew() {
        let works = Works::default();
        let (first, second) = (works.join(7, doing(1)), works.join(7, doing(2)));
        let other = works.join(8, doing(3));
        assert_eq!(first.now_or_never(), Some(1));
        assert_eq!(second.now_or_never(), Some(1));
        assert_eq!(other.now_or_never(), Some(3));
        assert_eq!(works.join(7, doing(4)).now_or_never(), Some(4));
    }

    #[test]
    fn who_stops_waiting_stops_nobody_else() {
        let works = Works::default();
        let (first, second) = (works.join(7, doing(1)), works.join(7, doing(2)));
        drop(first);
        assert_eq!(second.now_or_never(), Some(1));
    }

    #[test]
    fn work_that_panics_has_ended_too() {
        let works = Works::default();
        let broken = works.join(7, |_, end| {
            async move {
                let _end = end;
                panic!("the work is broken")
            }
            .boxed()
        });
        assert!(catch_unwind(AssertUnwindSafe(|| broken.now_or_never())).is_err());
        assert_eq!(works.join(7, doing(2)).now_or_never(), Some(2));
    }
}
