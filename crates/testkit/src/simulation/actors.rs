//! Whoever moves: requests, and rounds of recovery.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chats_domain::use_cases::{CreateError, Creation};

use super::world::{ActorId, World};

/// All that move.
pub(super) struct Actors {
    world: Arc<World>,
    going: Vec<Actor>,
    started: ActorId,
}

struct Actor {
    id: ActorId,
    process: usize,
    task: Task,
    future: Pin<Box<dyn Future<Output = Option<Answer>>>>,
}

/// What an actor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// The request that has this place in the plan.
    Request(usize),
    /// A round of recovery, which answers nobody.
    Recovery,
}

pub(super) type Answer = Result<Creation, CreateError>;

impl Actors {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world, going: Vec::new(), started: 0 }
    }

    /// Adds one, which has not moved yet.
    pub(super) fn start(
        &mut self,
        process: usize,
        task: Task,
        future: impl Future<Output = Option<Answer>> + 'static,
    ) -> ActorId {
        let id = self.started;
        self.started += 1;
        self.going.push(Actor { id, process, task, future: Box::pin(future) });
        id
    }

    /// Lets all go as far as they can. They meet each other in the ports only, or at the end of an
    /// opening in their process; so they are polled until nobody can go on. Returns the answers.
    pub(super) fn go_on(&mut self) -> Vec<(ActorId, usize, Answer)> {
        let mut answers = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        let mut moved = true;
        while moved {
            let (before, count) = (self.world.state().next_serial(), self.going.len());
            self.going.retain_mut(|actor| {
                self.world.state().moving = actor.id;
                let Poll::Ready(answer) = actor.future.as_mut().poll(&mut context) else {
                    return true;
                };
                if let (Task::Request(request), Some(answer)) = (actor.task, answer) {
                    answers.push((actor.id, request, answer));
                }
                false
            });
            // Whoever went on stands at another gate or sleep now, which took a number, or has ended.
            moved = self.world.state().next_serial() > before + 1 || self.going.len() < count;
        }
        answers
    }

    pub(super) fn process_of(&self, actor: ActorId) -> Option<usize> {
        self.going.iter().find(|other| other.id == actor).map(|actor| actor.process)
    }

    pub(super) fn any_in(&self, process: usize) -> bool {
        self.going.iter().any(|actor| actor.process == process)
    }

    pub(super) fn is_recovering(&self, process: usize) -> bool {
        self.going.iter().any(|actor| actor.process == process && actor.task == Task::Recovery)
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = ActorId> {
        self.going.iter().filter(|actor| actor.task != Task::Recovery).map(|actor| actor.id)
    }

    /// Ends all that are in a process, as its death does.
    pub(super) fn end_all_in(&mut self, process: usize) {
        self.going.retain(|actor| actor.process != process);
    }

    /// Ends one, as a server does whose client has gone.
    pub(super) fn end(&mut self, actor: ActorId) {
        self.going.retain(|other| other.id != actor);
    }
}
