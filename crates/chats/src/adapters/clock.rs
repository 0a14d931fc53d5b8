use std::time::{Duration, SystemTime};

use chats_domain::ports::Clock;
use chats_domain::values::Timestamp;
use futures_util::future::BoxFuture;

/// The clock of the machine.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "here ambient time becomes an argument")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
