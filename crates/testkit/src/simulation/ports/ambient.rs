use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{ChatIds, Clock};
use chats_domain::values::{ChatId, Timestamp};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::simulation::world::World;

/// The clock of a process. The scheduler moves the time.
pub(in crate::simulation) struct Time {
    pub(in crate::simulation) world: Arc<World>,
    /// How far the clock is ahead.
    pub(in crate::simulation) ahead: Duration,
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.world.state().now.plus(self.ahead)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = self.world.state().now.plus(duration);
        Box::pin(self.world.sleep_until(end))
    }
}

/// Identifiers, counted.
pub(in crate::simulation) struct CountedIds(pub(in crate::simulation) Arc<World>);

impl ChatIds for CountedIds {
    fn next(&self) -> ChatId {
        let mut state = self.0.state();
        let id = ChatId::from(Uuid::from_u128(state.chosen.len() as u128 + 1));
        let moving = state.moving;
        state.chosen.insert(id, moving);
        id
    }
}
