use std::sync::{Arc, PoisonError, RwLock};

use fastrand::Rng;

/// Where the instances answer, as a load balancer would know it. A clone is the same list.
#[derive(Clone)]
pub(crate) struct Addresses(Arc<RwLock<Vec<Option<String>>>>);

impl Addresses {
    pub(super) fn of(instances: usize) -> Self {
        Self(Arc::new(RwLock::new(vec![None; instances])))
    }

    pub(super) fn set(&self, instance: usize, url: String) {
        self.0.write().unwrap_or_else(PoisonError::into_inner)[instance] = Some(url);
    }

    pub(super) fn forget(&self, instance: usize) {
        self.0.write().unwrap_or_else(PoisonError::into_inner)[instance] = None;
    }

    /// The instances that run, each with its URL.
    pub(crate) fn running(&self) -> Vec<(usize, String)> {
        let addresses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let instances = addresses.iter().enumerate();
        instances.filter_map(|(instance, url)| Some((instance, url.clone()?))).collect()
    }

    /// One of the instances that run, if any does.
    pub(crate) fn any(&self, dice: &mut Rng) -> Option<(usize, String)> {
        dice.choice(self.running())
    }
}
