use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{self, Handle};

use super::pipeline::Pipeline;
use crate::figures::Connections;

/// A pipeline for each runtime that asks, for some of them: no thread but its own takes part in its
/// queries then.
pub(super) struct Pipelines {
    most: usize,
    /// `None` once there are to be none any more.
    of_runtimes: Mutex<Option<HashMap<runtime::Id, Arc<Pipeline>>>>,
}

impl Pipelines {
    /// There will be `most` of them; further runtimes get none.
    pub(super) fn new(most: usize) -> Self {
        Self { most, of_runtimes: Mutex::new(Some(HashMap::new())) }
    }

    /// That of the runtime on which this is called.
    pub(super) fn here(&self) -> Option<Arc<Pipeline>> {
        let here = Handle::current().id();
        let mut of_runtimes = self.of_runtimes();
        let of_runtimes = of_runtimes.as_mut()?;
        if let Some(pipeline) = of_runtimes.get(&here) {
            return Some(Arc::clone(pipeline));
        }
        if of_runtimes.len() >= self.most {
            // Those of runtimes that have ended go, among others that nobody uses.
            of_runtimes.retain(|_, it| Arc::strong_count(it) > 1 || it.is_open());
        }
        (of_runtimes.len() < self.most).then(|| Arc::clone(of_runtimes.entry(here).or_default()))
    }

    /// From now on there are none: each goes once the reads are answered that it has.
    pub(super) fn end(&self) {
        *self.of_runtimes() = None;
    }

    /// Adds those that are open.
    pub(super) fn count(&self, connections: &mut Connections) {
        connections.max += self.most;
        for pipeline in self.of_runtimes().iter().flat_map(HashMap::values) {
            match pipeline.is_used() {
                Some(true) => connections.used += 1,
                Some(false) => connections.idle += 1,
                None => {}
            }
        }
    }

    fn of_runtimes(&self) -> MutexGuard<'_, Option<HashMap<runtime::Id, Arc<Pipeline>>>> {
        self.of_runtimes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_runtime_has_its_own() {
        let pipelines = Arc::new(Pipelines::new(2));
        let ours = pipelines.here().unwrap();
        assert!(Arc::ptr_eq(&ours, &pipelines.here().unwrap()));
        let theirs = elsewhere(&pipelines).unwrap();
        assert!(!Arc::ptr_eq(&ours, &theirs));
    }

    #[tokio::test]
    async fn there_are_no_more_than_there_may_be() {
        let pipelines = Arc::new(Pipelines::new(0));
        assert!(pipelines.here().is_none());
    }

    #[tokio::test]
    async fn one_that_is_not_open_makes_room_for_another() {
        let pipelines = Arc::new(Pipelines::new(1));
        assert!(elsewhere(&pipelines).is_some());
        assert!(pipelines.here().is_some());
    }

    /// What a runtime gets that has ended when this returns.
    fn elsewhere(pipelines: &Arc<Pipelines>) -> Option<Arc<Pipeline>> {
        let pipelines = Arc::clone(pipelines);
        let worker = std::thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { pipelines.here() })
        });
        worker.join().unwrap()
    }
}
