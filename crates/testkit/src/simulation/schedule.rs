//! One run: who moves next, what becomes of it, and how everything comes to rest in the end.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chats_domain::chat::ChatState;
use chats_domain::use_cases::{Chats, CreateError, Creation, Ports, Settings};
use chats_domain::values::{Account, ChatId, Timestamp};

use super::choices::Choices;
use super::event_service::EventService;
use super::ports::{CountedIds, Rooms, Store, Time};
use super::world::{ActorId, Fate, World};
use super::{Ask, Budget, Database, Plan, checks};
use crate::memory::{FakePolicy, Verdict};

const SETTINGS: Settings = Settings {
    lease: Duration::from_secs(4),
    deadline: Duration::from_secs(8),
    tries: 2,
    pause: Duration::from_secs(1),
    longest_pause: Duration::from_mins(1),
};

/// More steps than any run takes that comes to rest.
const MOST_STEPS: usize = 2_000;
/// More chats than any run has.
const MOST_CHATS: u32 = 10;

/// A run of a plan.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) world: Arc<World>,
    pub(super) database: Arc<dyn Database>,
    pub(super) service: Arc<EventService>,
    /// What the requests were answered with that were answered.
    pub(super) answers: Vec<Answered>,
    choices: &'a mut dyn Choices,
    trace: Option<Vec<String>>,
    processes: Vec<Arc<Chats>>,
    actors: Vec<Actor>,
    /// The requests that have not come yet.
    to_come: Vec<usize>,
    budget: Budget,
    started: ActorId,
}

/// The answer to a request.
pub(super) struct Answered {
    pub(super) actor: ActorId,
    /// The place of the request in the plan.
    pub(super) request: usize,
    pub(super) answer: Answer,
    /// The chats that had been taken over by then.
    pub(super) taken_over: BTreeSet<ChatId>,
}

type Answer = Result<Creation, CreateError>;

/// Something that moves: a request, or a round of recovery if it answers none.
struct Actor {
    id: ActorId,
    process: usize,
    request: Option<usize>,
    future: Pin<Box<dyn Future<Output = Option<Answer>>>>,
}

/// What may happen next.
#[derive(Debug, Clone, Copy)]
enum Step {
    LetThrough(u64),
    Start(usize),
    Recover(usize),
    /// The event service sees what it was asked before.
    Deliver(usize),
    /// Time goes by, up to a moment.
    Wait(Timestamp),
}

/// Runs a plan to its end and checks what is left. Returns what is wrong, if anything, and what
/// happened, if that was asked for.
pub(super) fn run(
    plan: &Plan,
    choices: &mut dyn Choices,
    traced: bool,
) -> (Result<(), String>, Vec<String>) {
    let mut run = Run::new(plan, choices, traced);
    let result = run.finish().and_then(|()| checks::check(&run));
    (result, run.trace.unwrap_or_default())
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, choices: &'a mut dyn Choices, traced: bool) -> Self {
        let rooms = plan.rooms.iter().cloned().collect();
        let mut run = Self {
            plan,
            world: World::new(plan.answers_travel),
            database: (plan.systems.database)(),
            service: Arc::new(EventService::new(plan.systems.honours_keys, rooms)),
            answers: Vec::new(),
            choices,
            trace: traced.then(Vec::new),
            processes: Vec::new(),
            actors: Vec::new(),
            to_come: (0..plan.requests.len()).collect(),
            budget: plan.budget,
            started: 0,
        };
        run.processes = (0..plan.processes).map(|_| run.process()).collect();
        run
    }

    /// A process that has just started.
    fn process(&self) -> Arc<Chats> {
        let store = Store { world: self.world.clone(), database: self.database.clone() };
        let rooms = Rooms { world: self.world.clone(), service: self.service.clone() };
        let ports = Ports {
            store: (self.plan.systems.store)(Arc::new(store)),
            rooms: (self.plan.systems.rooms)(Arc::new(rooms)),
            access: Arc::new(FakePolicy::always(Verdict::Allow)),
            clock: Arc::new(Time(self.world.clone())),
            ids: Arc::new(CountedIds(self.world.clone())),
        };
        Arc::new(Chats::new(ports, SETTINGS))
    }

    /// First anything may happen, as long as the budget lasts. Then all is well until all is done.
    fn finish(&mut self) -> Result<(), String> {
        for _ in 0..self.budget.steps {
            if self.maybe_crash() {
                continue;
            }
            let steps = self.possible_steps();
            if steps.is_empty() {
                break;
            }
            let step = steps[self.choices.pick(steps.len())];
            self.take(step);
        }
        self.note(|| "from now on all is well".into());
        self.choices.calm_down();
        self.budget = Budget::default();
        for _ in 0..MOST_STEPS {
            let mut steps = self.possible_steps();
            if steps.is_empty() {
                steps.extend(self.last_resort());
            }
            if steps.is_empty() {
                return Ok(());
            }
            let step = steps[self.choices.pick(steps.len())];
            self.take(step);
        }
        Err("(4) it does not come to rest".into())
    }

    fn possible_steps(&self) -> Vec<Step> {
        let state = self.world.state();
        let mut steps: Vec<_> = state.gates.keys().map(|gate| Step::LetThrough(*gate)).collect();
        steps.extend(self.to_come.iter().map(|request| Step::Start(*request)));
        steps.extend((0..state.delayed.len()).map(Step::Deliver));
        let now = state.now;
        let next_sleep = state.sleeps.values().copied().filter(|end| *end > now).min();
        drop(state);

        if self.budget.recoveries > 0 && self.next_lease().is_some_and(|lease| lease <= now) {
            let recovering = |process: &usize| {
                self.actors.iter().any(|actor| actor.process == *process && actor.request.is_none())
            };
            let free = (0..self.processes.len()).filter(|process| !recovering(process));
            steps.extend(free.map(Step::Recover));
        }
        if self.budget.waits > 0 {
            let next_lease = self.next_lease().filter(|lease| *lease > now);
            steps.extend(next_lease.into_iter().chain(next_sleep).min().map(Step::Wait));
            if self.plan.waits_long && next_lease.is_some() {
                steps.push(Step::Wait(now.plus(SETTINGS.longest_pause * 2)));
            }
        } else if steps.is_empty() {
            steps.extend(next_sleep.map(Step::Wait));
        }
        steps
    }

    /// What there is to do when nothing moves by itself: to recover, as soon as a lease runs out.
    fn last_resort(&self) -> Option<Step> {
        let lease = self.next_lease()?;
        let recover = lease <= self.world.state().now;
        Some(if recover { Step::Recover(0) } else { Step::Wait(lease) })
    }

    /// When the first lease of a chat that is opening runs out, or ran out.
    fn next_lease(&self) -> Option<Timestamp> {
        let leases = self.database.all().into_iter().filter_map(|chat| match chat.state {
            ChatState::Opening(opening) => Some(opening.lease_until),
            ChatState::Ready(_) => None,
        });
        leases.min()
    }

    /// A process may die between any two steps.
    fn maybe_crash(&mut self) -> bool {
        if self.budget.deaths == 0 {
            return false;
        }
        let busy = |process: &usize| self.actors.iter().any(|actor| actor.process == *process);
        let busy: Vec<_> = (0..self.processes.len()).filter(busy).collect();
        match self.choices.pick_mostly_first(1 + busy.len()) {
            0 => false,
            process => {
                self.crash(busy[process - 1]);
                true
            }
        }
    }

    fn crash(&mut self, process: usize) {
        self.note(|| format!("process {process} dies"));
        self.budget.deaths -= 1;
        self.actors.retain(|actor| actor.process != process);
        self.processes[process] = self.process();
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::LetThrough(gate) => self.let_through(gate),
            Step::Start(request) => self.start(request),
            Step::Recover(process) => self.recover(process),
            Step::Deliver(index) => {
                let request = self.world.state().delayed.remove(index);
                self.note(|| format!("the event service sees a late request: {request:?}"));
                // Nobody is there any more to hear the answer.
                let _ = self.service.carry_out(&request);
            }
            Step::Wait(until) => {
                self.note(|| format!("time goes by until {}", until.as_unix_micros()));
                self.budget.waits = self.budget.waits.saturating_sub(1);
                self.world.state().now = until;
                self.poll_all();
            }
        }
    }

    fn let_through(&mut self, gate: u64) {
        let Some((actor, name, kind)) =
            self.world.state().gates.get(&gate).map(|gate| (gate.actor, gate.name, gate.kind))
        else {
            return;
        };
        let fates = kind.fates().iter().filter(|fate| match fate {
            Fate::Done => true,
            fate if fate.is_deadly() => self.budget.deaths > 0,
            _ => self.budget.faults > 0,
        });
        let fates: Vec<_> = fates.copied().collect();
        let fate = fates[self.choices.pick_mostly_first(fates.len())];
        self.note(|| format!("  actor {actor}: {name} ({kind:?}): {fate:?}"));
        if fate != Fate::Done && !fate.is_deadly() {
            self.budget.faults -= 1;
        }
        self.world.let_through(gate, fate);
        self.poll_all();
        if fate.is_deadly()
            && let Some(process) =
                self.actors.iter().find(|other| other.id == actor).map(|actor| actor.process)
        {
            self.crash(process);
        }
    }

    fn start(&mut self, request: usize) {
        self.to_come.retain(|other| *other != request);
        let (process, ask) = self.plan.requests[request].clone();
        let actor = self.started;
        self.note(|| format!("actor {actor} in process {process}: {ask:?}"));
        let chats = Arc::clone(&self.processes[process]);
        let account = Account::new("tutor", super::audience());
        self.spawn(process, Some(request), async move {
            // The label is well-formed.
            let account = account.ok()?;
            Some(match ask {
                Ask::Create(chat) => chats.create(&account, chat).await,
                Ask::Convert(chat) => chats.convert(&account, chat).await,
            })
        });
    }

    fn recover(&mut self, process: usize) {
        let actor = self.started;
        self.note(|| format!("actor {actor} in process {process}: recovery"));
        self.budget.recoveries = self.budget.recoveries.saturating_sub(1);
        let chats = Arc::clone(&self.processes[process]);
        self.spawn(process, None, async move {
            // What did not succeed is tried again by the next round.
            let _ = chats.recover(MOST_CHATS).await;
            None
        });
    }

    fn spawn(
        &mut self,
        process: usize,
        request: Option<usize>,
        future: impl Future<Output = Option<Answer>> + 'static,
    ) {
        let future = Box::pin(future);
        self.actors.push(Actor { id: self.started, process, request, future });
        self.started += 1;
        self.poll_all();
    }

    /// Lets all go as far as they can. They meet each other in the ports only, or at the end of an
    /// opening in their process; so they are polled until nobody can go on.
    fn poll_all(&mut self) {
        let mut moved = true;
        while moved {
            let (before, count) = (self.world.state().next_serial(), self.actors.len());
            let mut going = Vec::with_capacity(self.actors.len());
            for mut actor in std::mem::take(&mut self.actors) {
                self.world.state().moving = actor.id;
                let mut context = Context::from_waker(Waker::noop());
                match actor.future.as_mut().poll(&mut context) {
                    Poll::Pending => going.push(actor),
                    Poll::Ready(answer) => self.ended(actor.id, actor.request, answer),
                }
            }
            // Whoever went on stands at another gate or sleep now, which took a number, or has ended.
            moved = self.world.state().next_serial() > before + 1 || going.len() < count;
            self.actors = going;
        }
    }

    fn ended(&mut self, actor: ActorId, request: Option<usize>, answer: Option<Answer>) {
        if let (Some(request), Some(answer)) = (request, answer) {
            self.note(|| format!("actor {actor} is answered: {answer:?}"));
            let taken_over = self.world.state().taken_over.clone();
            self.answers.push(Answered { actor, request, answer, taken_over });
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }
}
