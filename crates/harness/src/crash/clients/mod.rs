//! Clients that go on, whatever happens, and keep a record of all they did.

mod http;
mod known;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

pub(crate) use http::Http;
use known::Known;
pub(crate) use known::RoomBefore;

use super::record::Record;
use super::timeline::Timeline;
use crate::deployment::{
    Addresses, Deployment, EventService, OTHER_AUDIENCE, OUR_TUTOR, THEIR_TUTOR, token,
};

/// The longest that a client pauses between two pieces of work.
const LONGEST_PAUSE: Duration = Duration::from_millis(40);

/// Rooms of another tenant, that our clients try to convert.
const STRANGE_ROOMS: usize = 4;

/// The clients at work.
pub(crate) struct Clients {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What all clients share.
struct Shared {
    http: Http,
    token: String,
    addresses: Addresses,
    event_service: EventService,
    timeline: Arc<Timeline>,
    records: Mutex<Vec<Record>>,
    known: Mutex<Known>,
    is_over: AtomicBool,
}

/// One client.
struct Client {
    shared: Arc<Shared>,
    number: usize,
    dice: Rng,
    scopes: usize,
}

/// All that the clients can tell.
pub(crate) struct Told {
    pub(crate) records: Vec<Record>,
    /// The rooms that were opened by others than the service.
    pub(crate) rooms_before: Vec<RoomBefore>,
}

impl Clients {
    /// Puts clients to work.
    pub(crate) async fn start(
        deployment: &Deployment,
        timeline: Arc<Timeline>,
        clients: usize,
        dice: &mut Rng,
    ) -> Result<Self> {
        let event_service = deployment.event_service().clone();
        let shared = Arc::new(Shared {
            http: Http::new()?,
            token: token(OUR_TUTOR)?,
            addresses: deployment.addresses(),
            known: Mutex::new(Known::with(strange_rooms(&event_service, dice).await?)),
            event_service,
            timeline,
            records: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let clients = (0..clients).map(|number| {
            let shared = Arc::clone(&shared);
            let client = Client { shared, number, dice: dice.fork(), scopes: 0 };
            tokio::spawn(client.run())
        });
        Ok(Self { tasks: clients.collect(), shared })
    }

    /// Lets each client end what it does, and returns all that they have done.
    pub(crate) async fn end(self) -> Result<Told> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await?;
        }
        let records = std::mem::take(&mut *lock(&self.shared.records));
        let rooms_before = lock(&self.shared.known).rooms_before();
        Ok(Told { records, rooms_before })
    }
}

impl Client {
    async fn run(mut self) {
        while !self.shared.is_over.load(Ordering::Relaxed) {
            self.work().await;
            let pause = LONGEST_PAUSE.mul_f64(self.dice.f64());
            sleep(pause).await;
        }
    }
}

/// Opens rooms of another tenant.
async fn strange_rooms(event_service: &EventService, dice: &mut Rng) -> Result<Vec<RoomBefore>> {
    let token = token(THEIR_TUTOR)?;
    let mut rooms = Vec::new();
    for _ in 0..STRANGE_ROOMS {
        let classroom_id = any_uuid(dice);
        let id = event_service.open_room(&token, OTHER_AUDIENCE, classroom_id).await?;
        rooms.push(RoomBefore { id: Some(id), classroom_id, is_strange: true });
    }
    Ok(rooms)
}

fn any_uuid(dice: &mut Rng) -> Uuid {
    uuid::Builder::from_random_bytes(dice.u128(..).to_le_bytes()).into_uuid()
}

/// No client panics while it holds the lock.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
