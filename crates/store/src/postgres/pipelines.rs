use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{self, Handle};

use super::pipeline::Pipeline;

/// A pipeline for each runtime that asks, for some of them: no thread but its own takes part in its
/// queries then.
pub(super) struct Pipelines {
    most: usize,
    of_runtimes: Mutex<HashMap<runtime::Id, Arc<Pipeline>>>,
}

impl Pipelines {
    /// There will be `most` of them; further runtimes get none.
    pub(super) fn new(most: usize) -> Self {
        Self { most, of_runtimes: Mutex::default() }
    }

    /// That of the runtime on which this is called.
    pub(super) fn here(&self) -> Option<Arc<Pipeline>> {
        let here = Handle::current().id();
        let mut of_runtimes = self.of_runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = of_runtimes.get(&here) {
            return Some(Arc::clone(pipeline));
        }
        if of_runtimes.len() >= self.most {
            // Those of runtimes that have ended go, among others that nobody uses.
            of_runtimes.retain(|_, it| Arc::strong_count(it) > 1 || it.is_open());
        }
        (of_runtimes.len() < self.most).then(|| Arc::clone(of_runtimes.entry(here).or_default()))
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
