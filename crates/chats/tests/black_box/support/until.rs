use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::timeout;

/// No test waits longer than this for what must come.
const LONG: Duration = Duration::from_secs(30);

/// Returns once the condition holds, which is asked for again and again.
pub(crate) async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            yield_now().await;
        }
    };
    assert!(timeout(LONG, holds).await.is_ok(), "what must come does not");
}
