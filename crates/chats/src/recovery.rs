//! Finishes chats that were left half made, as long as the service runs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{Clock, StoreError};
use chats_domain::use_cases::{Chats, Recovered, Recovery};
use chats_domain::values::ChatId;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::adapters::SystemClock;
use crate::error_chain::chain;

/// How many chats one instance works on at a time.
const AT_ONCE: u32 = 16;

/// For how long a chat may be opening before an operator should look at it.
const LONG: Duration = Duration::from_mins(1);

/// Recovers now and then every `pause`, until the service ends; then it ends the attempts that it has begun.
pub(crate) async fn run(chats: Arc<Chats>, pause: Duration, end: CancellationToken) {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut warned_of = HashSet::new();
    while end.run_until_cancelled(ticks.tick()).await.is_some() {
        match pass_until(&end, &chats).await {
            Ok(recoveries) => recoveries.iter().for_each(|it| log(it, &mut warned_of)),
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "chats that are opening cannot be looked for"
                );
            }
        }
    }
}

/// Makes one attempt on each chat that nobody works on now. Returns what came of them.
pub(crate) async fn pass(chats: &Chats) -> Result<Vec<Recovery>, StoreError> {
    pass_until(&CancellationToken::new(), chats).await
}

/// Does what [`pass`] does, but begins no further attempts after the end.
async fn pass_until(end: &CancellationToken, chats: &Chats) -> Result<Vec<Recovery>, StoreError> {
    let now = SystemClock.now();
    let mut all = Vec::new();
    loop {
        let some = chats.recover(now, AT_ONCE).await?;
        let may_be_more = some.len() == AT_ONCE as usize;
        all.extend(some);
        if !may_be_more || end.is_cancelled() {
            return Ok(all);
        }
    }
}

/// Logs what came of an attempt, and warns once of a chat that cannot be opened for long.
fn log(recovery: &Recovery, warned_of: &mut HashSet<ChatId>) {
    let Recovery { chat, created_at, attempt, result } = recovery;
    let attempt = attempt.number();
    match result {
        Ok(Recovered::Ready) => {
            warned_of.remove(chat);
            tracing::info!(%chat, attempt, "finished a chat that was opening");
        }
        Ok(Recovered::Overtaken) => {
            tracing::info!(%chat, attempt, "someone else has taken over a chat that was opening");
        }
        Err(error) if SystemClock.now().since(*created_at) > LONG && warned_of.insert(*chat) => {
            let error = chain(error);
            tracing::warn!(%chat, attempt, error, "a chat cannot be opened for long");
        }
        Err(error) => {
            tracing::info!(%chat, attempt, error = chain(error), "a chat is still opening");
        }
    }
}
