use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use chats_domain::ports::Clock;
use chats_domain::values::Timestamp;

/// The clock of the machine.
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "here ambient time becomes an argument")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
