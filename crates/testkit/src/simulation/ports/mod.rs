//! The ports as the use cases see them: each call waits for the scheduler, which decides its fate.

mod access;
mod ambient;
mod chat_store;
mod event_rooms;

use std::future::pending;
use std::sync::Arc;

pub(super) use access::Policy;
pub(super) use ambient::{CountedIds, Time};
pub(super) use chat_store::Store;
pub(super) use event_rooms::Rooms;

use super::fate::{Fate, Kind};
use super::world::{Delayed, World};

/// Makes a call to another system. `work` is what that does; `error` is what the caller is told of a
/// fate that is not simply to be done.
async fn call<T, E>(
    world: &Arc<World>,
    kind: Kind,
    name: &'static str,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
    error: impl FnOnce(Fate) -> E,
) -> Result<T, E> {
    let answer = match world.call(kind, name).await {
        Fate::Done => work.await,
        fate @ (Fate::AnswerLost | Fate::AnswerSpoilt) => {
            work.await?;
            Err(error(fate))
        }
        Fate::DiesAfter => {
            work.await?;
            pending().await
        }
        fate @ (Fate::Delayed | Fate::DiesDelayed) => {
            let work = Box::pin(async { drop(work.await) });
            world.state().delayed.push(Delayed { name, work });
            if fate.is_deadly() {
                pending::<()>().await;
            }
            Err(error(fate))
        }
        fate => Err(error(fate)),
    };
    if world.answers_travel {
        world.call(Kind::Answer, name).await;
    }
    answer
}
