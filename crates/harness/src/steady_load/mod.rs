//! Reads and creates that are sent when they are due, whatever came of others: so many a second that nobody has
//! to wait for the client.
//!
//! What oha sends is more, but it does not tell the headers of the answers, and sends one kind of request alone.

mod schedule;
mod service;
mod tally;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use schedule::arrivals;
pub(crate) use service::{Answer, Service};
pub(crate) use tally::Tally;

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) reads_per_second: u32,
    pub(crate) creates_per_second: u32,
}

/// What is sent, and when.
pub(crate) struct Load {
    requests: Vec<(Duration, Request)>,
    /// Reads that are due before are not looked at.
    warm_up: Duration,
}

#[derive(Debug, Clone)]
enum Request {
    Read(usize),
    Create(String),
}

/// What came of a load.
#[derive(Default)]
pub(crate) struct Outcome {
    /// How long each read took from when it was due, without those of the warm-up.
    pub(crate) reads: Vec<Duration>,
    /// How many of all reads did not find their chat.
    pub(crate) failed_reads: usize,
    /// All creates.
    pub(crate) creates: Vec<Create>,
}

/// What came of a create.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Create {
    pub(crate) answer: Answer,
    /// From when it was due.
    pub(crate) took: Duration,
}

enum Came {
    Read { due: Duration, took: Duration, found: bool },
    Create(Create),
}

impl Load {
    /// A load by dice: the same dice give the same one. Creates are of scopes that begin with `scopes`.
    pub(crate) fn new(
        rates: Rates,
        [warm_up, measured]: [Duration; 2],
        chats: usize,
        scopes: &str,
        dice: &mut Rng,
    ) -> Self {
        let length = warm_up + measured;
        let creates = arrivals(rates.creates_per_second, length, dice).into_iter().enumerate();
        let creates =
            creates.map(|(number, due)| (due, Request::Create(format!("{scopes}-{number}"))));
        let mut requests: Vec<_> = creates.collect();
        let reads = arrivals(rates.reads_per_second, length, dice).into_iter();
        requests.extend(reads.map(|due| (due, Request::Read(dice.usize(0..chats)))));
        requests.sort_by_key(|(due, _)| *due);
        Self { requests, warm_up }
    }

    /// Sends all of it, and waits for all that comes of it.
    pub(crate) async fn run(self, service: Arc<Service>) -> Result<Outcome> {
        let Self { requests, warm_up } = self;
        let runtime = Handle::current();
        // A thread of its own sleeps to the microsecond; tokio's timers do to the millisecond.
        let sent = spawn_blocking(move || send_when_due(requests, &service, &runtime)).await?;
        let mut outcome = Outcome::default();
        for request in sent {
            match request.await? {
                Came::Read { due, took, found } => {
                    outcome.failed_reads += usize::from(!found);
                    if due >= warm_up {
                        outcome.reads.push(took);
                    }
                }
                Came::Create(create) => outcome.creates.push(create),
            }
        }
        Ok(outcome)
    }
}

fn send_when_due(
    requests: Vec<(Duration, Request)>,
    service: &Arc<Service>,
    runtime: &Handle,
) -> Vec<JoinHandle<Came>> {
    let start = Instant::now();
    let send = |(due, request): (Duration, Request)| {
        thread::sleep(due.saturating_sub(start.elapsed()));
        let service = Arc::clone(service);
        runtime.spawn(async move {
            let took = || start.elapsed().saturating_sub(due);
            match request {
                Request::Read(number) => {
                    let found = service.read(number).await;
                    Came::Read { due, took: took(), found }
                }
                Request::Create(scope) => {
                    let answer = service.create(&scope).await;
                    Came::Create(Create { answer, took: took() })
                }
            }
        })
    };
    requests.into_iter().map(send).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { reads_per_second: 200, creates_per_second: 20 };
    const LENGTHS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(9)];

    #[test]
    fn reads_and_creates_are_due_in_one_order() {
        let load = Load::new(RATES, LENGTHS, 10, "round-1", &mut Rng::with_seed(7));
        assert!(load.requests.is_sorted_by_key(|(due, _)| *due));

        let is_create = |(_, request): &&(Duration, Request)| matches!(request, Request::Create(_));
        let creates = load.requests.iter().filter(is_create).count();
        let reads = load.requests.len() - creates;
        assert!((1_820..=2_180).contains(&reads), "{reads}");
        assert!((143..=257).contains(&creates), "{creates}");
    }

    #[test]
    fn no_two_creates_want_the_same_chat() {
        let load = Load::new(RATES, LENGTHS, 10, "round-1", &mut Rng::with_seed(7));
        let mut scopes: Vec<_> = load
            .requests
            .into_iter()
            .filter_map(|(_, request)| match request {
                Request::Create(scope) => Some(scope),
                Request::Read(_) => None,
            })
            .collect();
        let all = scopes.len();
        scopes.sort_unstable();
        scopes.dedup();
        assert_eq!(scopes.len(), all);
    }
}
