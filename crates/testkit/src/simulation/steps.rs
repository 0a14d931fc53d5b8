//! What may happen next.

use std::time::Duration;

use chats_domain::chat::ChatState;
use chats_domain::values::Timestamp;

use super::run::{Run, SETTINGS};
use super::world::ActorId;

/// Something that may happen next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    LetThrough(u64),
    Start(usize),
    Recover(usize),
    /// A call arrives that was made before.
    Deliver(usize),
    /// Time goes by, up to a moment.
    Wait(Timestamp),
}

/// Something that may happen at any time, and mostly does not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mishap {
    /// A process dies, and is started again.
    Death(usize),
    /// The client of a request goes away, and the server ends the request.
    Cancel(ActorId),
}

impl Run<'_> {
    pub(super) fn possible_steps(&self) -> Vec<Step> {
        let state = self.world.state();
        let mut steps: Vec<_> = state.gates.keys().map(|gate| Step::LetThrough(*gate)).collect();
        steps.extend(self.to_come.iter().map(|request| Step::Start(*request)));
        steps.extend((0..state.delayed.len()).map(Step::Deliver));
        let now = state.now;
        let next_sleep = state.sleeps.values().copied().filter(|end| *end > now).min();
        drop(state);

        let next_lease = self.next_lease();
        let until_lease = |process| next_lease.map(|lease| self.until(lease, process));
        if self.budget.recoveries > 0 {
            let may_recover = |process: &usize| {
                until_lease(*process).is_some_and(|wait| wait.is_zero())
                    && !self.actors.is_recovering(*process)
            };
            steps.extend(self.processes().filter(may_recover).map(Step::Recover));
        }
        if self.budget.waits > 0 {
            let waits = self.processes().filter_map(until_lease).filter(|wait| !wait.is_zero());
            let wait = waits.min().map(|wait| now.plus(wait)).into_iter().chain(next_sleep).min();
            steps.extend(wait.map(Step::Wait));
            if self.plan.waits_long && next_lease.is_some() {
                steps.push(Step::Wait(now.plus(SETTINGS.longest_pause * 2)));
            }
        } else if steps.is_empty() {
            steps.extend(next_sleep.map(Step::Wait));
        }
        if steps.is_empty() && self.is_calm {
            steps.extend(next_lease.map(|lease| self.recover_after(lease)));
        }
        steps
    }

    pub(super) fn possible_mishaps(&self) -> Vec<Mishap> {
        let mut mishaps = Vec::new();
        if self.budget.deaths > 0 {
            let busy = self.processes().filter(|process| self.actors.any_in(*process));
            mishaps.extend(busy.map(Mishap::Death));
        }
        if self.budget.cancels > 0 {
            mishaps.extend(self.actors.requests().map(Mishap::Cancel));
        }
        mishaps
    }

    /// What there is to do when nothing moves by itself: to recover, as soon as a lease runs out.
    fn recover_after(&self, lease: Timestamp) -> Step {
        let wait = self.until(lease, 0);
        if wait.is_zero() {
            Step::Recover(0)
        } else {
            Step::Wait(self.world.state().now.plus(wait))
        }
    }

    /// When the first lease of a chat that is opening runs out, or ran out.
    fn next_lease(&self) -> Option<Timestamp> {
        let leases = self.database.all().into_iter().filter_map(|chat| match chat.state {
            ChatState::Opening(opening) => Some(opening.lease_until),
            ChatState::Ready(_) => None,
        });
        leases.min()
    }

    /// How long it is until `end` by the clock of a process; zero if that has come.
    fn until(&self, end: Timestamp, process: usize) -> Duration {
        end.since(self.world.state().now.plus(self.plan.processes[process]))
    }

    fn processes(&self) -> std::ops::Range<usize> {
        0..self.plan.processes.len()
    }
}
