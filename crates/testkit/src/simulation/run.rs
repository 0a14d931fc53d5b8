//! One run: who moves next, what becomes of it, and how everything comes to rest in the end.

use std::sync::Arc;
use std::time::Duration;

use chats_domain::use_cases::{Chats, Ports, Settings};
use chats_domain::values::{Account, ChatId};
use futures_util::FutureExt;

use super::actors::{Actors, Answer, Task};
use super::choices::Choices;
use super::event_service::EventService;
use super::fate::Fate;
use super::ports::{CountedIds, Policy, Rooms, Store, Time};
use super::steps::{Mishap, Step};
use super::world::World;
use super::{Ask, Budget, Database, Plan, checks};

/// The plan says how often a request tries.
pub(super) const SETTINGS: Settings = Settings {
    lease: Duration::from_secs(4),
    deadline: Duration::from_secs(8),
    tries: 1,
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
    pub(super) actors: Actors,
    /// The requests that have not come yet.
    pub(super) to_come: Vec<usize>,
    pub(super) budget: Budget,
    /// Whether nothing goes wrong any more.
    pub(super) is_calm: bool,
    processes: Vec<Arc<Chats>>,
    choices: &'a mut dyn Choices,
    trace: Option<Vec<String>>,
}

/// The answer to a request, and what had become of the request by then.
pub(super) struct Answered {
    /// The place of the request in the plan.
    pub(super) request: usize,
    pub(super) answer: Answer,
    /// The identifiers that it chose for chats.
    pub(super) chosen: Vec<ChatId>,
    /// Those of them that had been taken over.
    pub(super) taken_over: Vec<ChatId>,
    /// Whether the event service left it in doubt.
    pub(super) in_doubt: bool,
    /// Whether the database gave it an answer that it should not give.
    pub(super) failed: bool,
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
        let world = World::new(plan.answers_travel);
        let rooms = plan.rooms.iter().cloned().collect();
        let mut run = Self {
            plan,
            database: (plan.systems.database)(),
            service: Arc::new(EventService::new(plan.systems.honours_keys, rooms)),
            answers: Vec::new(),
            actors: Actors::new(world.clone()),
            to_come: (0..plan.requests.len()).collect(),
            budget: plan.budget,
            is_calm: false,
            processes: Vec::new(),
            choices,
            trace: traced.then(Vec::new),
            world,
        };
        run.processes = plan.processes.iter().map(|ahead| run.process(*ahead)).collect();
        run
    }

    /// A process that has just started. Its clock is `ahead`.
    fn process(&self, ahead: Duration) -> Arc<Chats> {
        let (world, systems) = (&self.world, &self.plan.systems);
        let (service, key_of) = (self.service.clone(), systems.key_of);
        let ports = Ports {
            store: Arc::new(Store { world: world.clone(), database: self.database.clone() }),
            rooms: Arc::new(Rooms { world: world.clone(), service, key_of }),
            access: Arc::new(Policy(world.clone())),
            clock: Arc::new(Time { world: world.clone(), ahead }),
            ids: Arc::new(CountedIds(world.clone())),
        };
        let settings = Settings { tries: self.plan.tries, ..SETTINGS };
        Arc::new(Chats::new((systems.ports)(ports), settings))
    }

    /// First anything may happen, as long as the budget lasts. Then all is well until all is done.
    fn finish(&mut self) -> Result<(), String> {
        for _ in 0..self.budget.steps {
            if !self.maybe_mishap() && !self.step() {
                break;
            }
        }
        self.note(|| "from now on all is well".into());
        self.choices.calm_down();
        self.budget = Budget::default();
        self.is_calm = true;
        for _ in 0..MOST_STEPS {
            if !self.step() {
                return Ok(());
            }
        }
        Err("(4) it does not come to rest".into())
    }

    /// Takes a step. Returns whether there was one.
    fn step(&mut self) -> bool {
        let steps = self.possible_steps();
        if steps.is_empty() {
            return false;
        }
        match steps[self.choices.pick(steps.len())] {
            Step::LetThrough(gate) => self.let_through(gate),
            Step::Start(request) => self.start(request),
            Step::Recover(process) => self.recover(process),
            Step::Deliver(index) => {
                let delayed = self.world.state().delayed.remove(index);
                self.note(|| format!("a call arrives late: {}", delayed.name));
                delayed.work.now_or_never();
            }
            Step::Wait(until) => {
                self.note(|| format!("time goes by until {}", until.as_unix_micros()));
                self.budget.waits = self.budget.waits.saturating_sub(1);
                self.world.state().now = until;
            }
        }
        self.go_on();
        true
    }

    /// A process or a request may end between any two steps.
    fn maybe_mishap(&mut self) -> bool {
        let mishaps = self.possible_mishaps();
        match self.choices.pick_mostly_first(1 + mishaps.len()) {
            0 => return false,
            mishap => match mishaps[mishap - 1] {
                Mishap::Death(process) => self.crash(process),
                Mishap::Cancel(actor) => {
                    self.note(|| format!("the client of actor {actor} goes away"));
                    self.budget.cancels -= 1;
                    self.actors.end(actor);
                    self.go_on();
                }
            },
        }
        true
    }

    fn crash(&mut self, process: usize) {
        self.note(|| format!("process {process} dies"));
        self.budget.deaths -= 1;
        self.actors.end_all_in(process);
        self.processes[process] = self.process(self.plan.processes[process]);
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
        self.world.let_through(gate, fate);
        if fate.is_deadly() {
            // It hangs where it is, and its process dies.
            self.go_on();
            if let Some(process) = self.actors.process_of(actor) {
                self.crash(process);
            }
        } else if fate != Fate::Done {
            self.budget.faults -= 1;
        }
    }

    fn start(&mut self, request: usize) {
        self.to_come.retain(|other| *other != request);
        let (process, ask) = self.plan.requests[request].clone();
        let what = self.trace.is_some().then(|| format!("{ask:?}"));
        let chats = Arc::clone(&self.processes[process]);
        let account = Account::new("tutor", super::audience());
        let actor = self.actors.start(process, Task::Request(request), async move {
            // The label is well-formed.
            let account = account.ok()?;
            Some(match ask {
                Ask::Create(chat) => chats.create(&account, chat).await,
                Ask::Convert(chat) => chats.convert(&account, chat).await,
            })
        });
        self.note(|| format!("actor {actor} in process {process}: {}", what.unwrap_or_default()));
    }

    fn recover(&mut self, process: usize) {
        self.budget.recoveries = self.budget.recoveries.saturating_sub(1);
        let chats = Arc::clone(&self.processes[process]);
        let due = self.world.state().now.plus(self.plan.processes[process]);
        let actor = self.actors.start(process, Task::Recovery, async move {
            // What did not succeed is tried again by the next round.
            let _ = chats.recover(due, MOST_CHATS).await;
            None
        });
        self.note(|| format!("actor {actor} in process {process}: recovery"));
    }

    /// Lets all go as far as they can.
    fn go_on(&mut self) {
        for (actor, request, answer) in self.actors.go_on() {
            self.note(|| format!("actor {actor} is answered: {answer:?}"));
            let state = self.world.state();
            let chosen = state.chosen.iter().filter(|(_, by)| **by == actor);
            let chosen: Vec<_> = chosen.map(|(id, _)| *id).collect();
            let is_taken_over = |id: &ChatId| state.taken_over.contains(id);
            let taken_over = chosen.iter().copied().filter(is_taken_over).collect();
            let in_doubt = state.in_doubt.contains(&actor);
            let failed = state.failed.contains(&actor);
            drop(state);
            self.answers.push(Answered { request, answer, chosen, taken_over, in_doubt, failed });
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }
}
