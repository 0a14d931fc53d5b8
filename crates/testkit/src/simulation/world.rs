//! What the scheduler and the ports share: the calls that wait to be let through, and time.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chats_domain::values::{ChatId, Timestamp};
use futures_util::future::BoxFuture;

use super::fate::{Fate, Kind};

/// When runs begin: 2024-11-22, 13:20:00 UTC.
pub const BEGINNING: Timestamp = Timestamp::from_unix_micros(1_732_281_600_000_000);

/// What all ports of a run work in.
pub(super) struct World {
    /// Whether answers, too, wait to be let through: then anything may happen between a deed and its
    /// answer.
    pub(super) answers_travel: bool,
    state: Mutex<State>,
}

pub(super) struct State {
    /// The time, as a clock shows it that is right.
    pub(super) now: Timestamp,
    /// The actor that is moving, for the ports do not know who calls.
    pub(super) moving: ActorId,
    pub(super) gates: BTreeMap<u64, Gate>,
    pub(super) sleeps: BTreeMap<u64, Timestamp>,
    /// Calls that are still on their way, though their callers have stopped to wait for an answer.
    pub(super) delayed: Vec<Delayed>,
    /// The identifiers that each actor chose for chats.
    pub(super) chosen: BTreeMap<ChatId, ActorId>,
    /// The chats that were taken over at least once.
    pub(super) taken_over: BTreeSet<ChatId>,
    /// Those whom the event service left in doubt.
    pub(super) in_doubt: BTreeSet<ActorId>,
    /// Those whom the database gave an answer that it should not give.
    pub(super) failed: BTreeSet<ActorId>,
    serial: u64,
}

/// The actors of a run, counted as they start.
pub(super) type ActorId = usize;

/// A call, or its answer, that waits to be let through.
pub(super) struct Gate {
    pub(super) actor: ActorId,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    fate: Option<Fate>,
}

/// A call that will be carried out later. Nobody hears the answer.
pub(super) struct Delayed {
    pub(super) name: &'static str,
    pub(super) work: BoxFuture<'static, ()>,
}

impl World {
    pub(super) fn new(answers_travel: bool) -> Arc<Self> {
        let state = State {
            now: BEGINNING,
            moving: 0,
            gates: BTreeMap::new(),
            sleeps: BTreeMap::new(),
            delayed: Vec::new(),
            chosen: BTreeMap::new(),
            taken_over: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
            failed: BTreeSet::new(),
            serial: 0,
        };
        Arc::new(Self { answers_travel, state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call of the actor that is moving: ready, with its fate, once the scheduler lets it through.
    pub(super) fn call(self: &Arc<Self>, kind: Kind, name: &'static str) -> Call {
        let mut state = self.state();
        let (serial, actor) = (state.next_serial(), state.moving);
        state.gates.insert(serial, Gate { actor, name, kind, fate: None });
        Call { world: Arc::clone(self), serial }
    }

    /// Lets a call through.
    pub(super) fn let_through(&self, gate: u64, fate: Fate) {
        if let Some(gate) = self.state().gates.get_mut(&gate) {
            gate.fate = Some(fate);
        }
    }

    /// A sleep until `end`.
    pub(super) fn sleep_until(self: &Arc<Self>, end: Timestamp) -> Sleep {
        let mut state = self.state();
        let serial = state.next_serial();
        state.sleeps.insert(serial, end);
        Sleep { world: Arc::clone(self), serial, end }
    }
}

impl State {
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

/// A call that waits. It waits no more when this is dropped.
pub(super) struct Call {
    world: Arc<World>,
    serial: u64,
}

impl Future for Call {
    type Output = Fate;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Fate> {
        let state = self.world.state();
        match state.gates.get(&self.serial).and_then(|gate| gate.fate) {
            Some(fate) => Poll::Ready(fate),
            None => Poll::Pending,
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.world.state().gates.remove(&self.serial);
    }
}

/// A sleep. It ends when its time has come, or when this is dropped.
pub(super) struct Sleep {
    world: Arc<World>,
    serial: u64,
    end: Timestamp,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.world.state().now >= self.end { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.world.state().sleeps.remove(&self.serial);
    }
}
