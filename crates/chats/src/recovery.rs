//! Finishes chats that were left half made, as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::StoreError;
use chats_domain::use_cases::{Chats, Recovery};
use tokio::time::{MissedTickBehavior, interval};

use crate::error_chain::chain;

/// How many chats one instance works on at a time.
const AT_ONCE: u32 = 16;

/// The attempt after which an operator should look at a chat.
const ATTEMPT_TO_WARN_OF: u32 = 5;

/// Recovers now and then every `pause`, for ever.
pub(crate) async fn run(chats: Arc<Chats>, pause: Duration) {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = pass(&chats).await {
            tracing::warn!(error = chain(&error), "chats that are opening cannot be looked for");
        }
    }
}

/// Makes one attempt on each chat that nobody works on now. Returns what came of them.
pub(crate) async fn pass(chats: &Chats) -> Result<Vec<Recovery>, StoreError> {
    let mut all = Vec::new();
    loop {
        let some = chats.recover(AT_ONCE).await?;
        let may_be_more = some.len() == AT_ONCE as usize;
        some.iter().for_each(log);
        all.extend(some);
        if !may_be_more {
            return Ok(all);
        }
    }
}

fn log(recovery: &Recovery) {
    let Recovery { chat, attempt, result, .. } = recovery;
    let attempt = attempt.number();
    match result {
        Ok(()) => tracing::info!(%chat, attempt, "finished a chat that was opening"),
        Err(error) if attempt == ATTEMPT_TO_WARN_OF => {
            let error = chain(error);
            tracing::warn!(%chat, attempt, error, "a chat cannot be opened for long");
        }
        Err(error) => {
            tracing::info!(%chat, attempt, error = chain(error), "a chat is still opening");
        }
    }
}
