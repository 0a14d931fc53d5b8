//! A model check of the use cases: they run against systems in memory under a scheduler that decides,
//! by dice or exhaustively, who moves next and what becomes of each call.
//!
//! There is no runtime and no real time. In the first part of a run calls are refused, lost, or carried
//! out late or unheard, processes die, and leases run out. In the second all is well, until nothing is left
//! to do. Then it is checked that what must always hold does.

mod actors;
mod checks;
mod choices;
mod event_service;
mod fate;
mod ports;
mod run;
mod steps;
mod world;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub use choices::Dice;
pub use event_service::opened_room;
pub use world::BEGINNING;

use chats_domain::chat::Chat;
use chats_domain::ports::{ChatStore, EventRoom, NewEventRoom};
use chats_domain::use_cases::{ConvertChat, CreateChat, Ports};
use chats_domain::values::{Audience, EventRoomId};
use uuid::Uuid;

use crate::memory::MemoryStore;
use choices::DepthFirst;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The processes, each by how far its clock is ahead. Any of them may recover what was left half made.
    pub processes: Vec<Duration>,
    /// The requests, each with the process that it comes to. They come in any order.
    pub requests: Vec<(usize, Ask)>,
    /// The rooms that the event service has before.
    pub rooms: Vec<(EventRoomId, EventRoom)>,
    /// How often a request tries.
    pub tries: u32,
    /// How much may go wrong.
    pub budget: Budget,
    /// Whether anything may happen between a deed and its answer, too.
    pub answers_travel: bool,
    /// Whether time may go by so that everything runs out at once, too.
    pub waits_long: bool,
    /// Whether a chat may have more rooms than it knows of.
    pub tolerates_orphans: bool,
    /// What the use cases work with.
    pub systems: Systems,
}

/// A request.
#[derive(Debug, Clone)]
pub enum Ask {
    /// For a chat with a new room.
    Create(CreateChat),
    /// For a chat on a room that exists.
    Convert(ConvertChat),
}

/// How much may happen that need not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Budget {
    /// Calls that are not simply carried out and answered.
    pub faults: usize,
    /// Deaths of processes.
    pub deaths: usize,
    /// Requests that are ended because their clients have gone.
    pub cancels: usize,
    /// Leaps of time.
    pub waits: usize,
    /// Rounds of recovery.
    pub recoveries: usize,
    /// Steps of any kind.
    pub steps: usize,
}

/// The systems beneath the use cases. To break them is to see whether the checks find it.
#[derive(Debug, Clone, Copy)]
pub struct Systems {
    /// Makes the database that all processes share.
    pub database: fn() -> Arc<dyn Database>,
    /// What a process puts between the use cases and the ports.
    pub ports: fn(Ports) -> Ports,
    /// The key that a request to open a room carries.
    pub key_of: KeyOf,
    /// Whether the event service opens one room for a key, however often it is asked.
    pub honours_keys: bool,
}

/// Makes the `Idempotency-Key` of a request to open a room, from the room and a number that no other
/// request has.
pub type KeyOf = fn(&NewEventRoom, u64) -> Uuid;

/// A chat store, each of whose futures is ready at once, that can be looked at as a whole.
pub trait Database: ChatStore {
    /// All chats there are.
    fn all(&self) -> Vec<Chat>;
}

/// A run after which something does not hold.
#[derive(Debug)]
pub struct Failure {
    /// What does not hold.
    pub violation: String,
    /// The seed of the run, if there were dice.
    pub seed: Option<u64>,
    /// What happened.
    pub trace: Vec<String>,
}

impl Default for Systems {
    fn default() -> Self {
        Self {
            database: || Arc::new(MemoryStore::default()),
            ports: |ports| ports,
            key_of: |room, _| room.chat.as_uuid(),
            honours_keys: true,
        }
    }
}

impl Database for MemoryStore {
    fn all(&self) -> Vec<Chat> {
        self.all()
    }
}

/// The audience of all requests.
///
/// # Panics
///
/// Never: the constant is well-formed.
#[must_use]
pub fn audience() -> Audience {
    #[expect(clippy::expect_used, reason = "a constant that is well-formed")]
    "school.example.org".parse().expect("an audience")
}

/// Runs, for each of the seeds, the plan that the dice make of it. Returns the number of runs.
pub fn explore(seeds: Range<u64>, plan: impl Fn(&mut Dice) -> Plan) -> Result<u64, Box<Failure>> {
    let count = seeds.end - seeds.start;
    for seed in seeds {
        if let (Err(_), _) = roll(seed, &plan, false) {
            return Err(replay(seed, plan).1.err().unwrap_or_else(|| Box::new(not_again(seed))));
        }
    }
    Ok(count)
}

/// Runs one seed again. Returns what happened, and what does not hold after it.
pub fn replay(
    seed: u64,
    plan: impl Fn(&mut Dice) -> Plan,
) -> (Vec<String>, Result<(), Box<Failure>>) {
    let (result, trace) = roll(seed, &plan, true);
    let failure = |violation| {
        let trace = trace.clone();
        Box::new(Failure { violation, seed: Some(seed), trace })
    };
    let result = result.map_err(failure);
    (trace, result)
}

/// Runs all that can happen to a plan. Returns the number of runs.
pub fn exhaust(plan: &Plan) -> Result<u64, Box<Failure>> {
    let (mut choices, mut runs) = (DepthFirst::default(), 0);
    loop {
        runs += 1;
        if let (Err(violation), _) = run::run(plan, &mut choices, false) {
            choices.again();
            let (_, trace) = run::run(plan, &mut choices, true);
            return Err(Box::new(Failure { violation, seed: None, trace }));
        }
        if !choices.next() {
            return Ok(runs);
        }
    }
}

fn roll(
    seed: u64,
    plan: impl Fn(&mut Dice) -> Plan,
    traced: bool,
) -> (Result<(), String>, Vec<String>) {
    let mut dice = Dice::from_seed(seed);
    let plan = plan(&mut dice);
    run::run(&plan, &mut dice, traced)
}

fn not_again(seed: u64) -> Failure {
    let violation = "it failed once and not again: the run is not deterministic".into();
    Failure { violation, seed: Some(seed), trace: Vec::new() }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.violation)?;
        for line in &self.trace {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}
