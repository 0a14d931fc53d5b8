use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::time::sleep;

use super::faults::Faults;
use super::timeline::{Timeline, Trouble};
use crate::DatabaseKind;
use crate::deployment::{Deployment, Part};

/// The longest that everything runs before something is killed.
const LONGEST_PEACE: Duration = Duration::from_millis(600);
/// The longest that something stays dead.
const LONGEST_DEATH: Duration = Duration::from_millis(400);
/// The longest that an instance may start before it is killed again.
const LONGEST_START: Duration = Duration::from_millis(100);

/// Kills parts of a deployment at random, and starts them again.
pub(super) struct Chaos {
    deployment: Deployment,
    timeline: Arc<Timeline>,
    dice: Rng,
    instances: usize,
    /// What else can be killed.
    servers: Vec<Part>,
    kills: BTreeMap<&'static str, u32>,
    faults: usize,
}

/// What was done to a deployment.
pub(super) struct Done {
    pub(super) deployment: Deployment,
    /// How many were killed of each kind.
    pub(super) kills: BTreeMap<&'static str, u32>,
    /// How many faults were switched on.
    pub(super) faults: usize,
}

impl Chaos {
    pub(super) fn of(
        deployment: Deployment,
        database: DatabaseKind,
        instances: usize,
        timeline: Arc<Timeline>,
        dice: Rng,
    ) -> Self {
        let servers = match database {
            DatabaseKind::Postgres | DatabaseKind::Pair => vec![Part::Database, Part::EventService],
            DatabaseKind::Sqlite => vec![Part::EventService],
        };
        let kills = BTreeMap::new();
        Self { deployment, timeline, dice, instances, servers, kills, faults: 0 }
    }

    /// Lets everything work for a short while, kills one part or two, and starts them again.
    pub(super) async fn cycle(&mut self) -> Result<()> {
        self.switch_faults().await?;
        self.pause(LONGEST_PEACE).await;
        let parts = self.choose();
        for part in &parts {
            self.kill(*part).await?;
            self.count(part.kind());
        }
        self.pause(LONGEST_DEATH).await;
        for part in parts {
            self.start_again(part).await?;
        }
        Ok(())
    }

    /// Makes an end of it: everything runs, and as it should.
    pub(super) async fn end(self) -> Result<Done> {
        self.deployment.event_service().set_faults(&[]).await?;
        self.timeline.end(Trouble::Refusals);
        Ok(Done { deployment: self.deployment, kills: self.kills, faults: self.faults })
    }

    async fn switch_faults(&mut self) -> Result<()> {
        let Faults { faults, refuse } = Faults::any(&mut self.dice);
        if refuse {
            self.timeline.begin(Trouble::Refusals);
        }
        self.deployment.event_service().set_faults(&faults).await?;
        if !refuse {
            self.timeline.end(Trouble::Refusals);
        }
        self.faults += faults.len();
        Ok(())
    }

    /// One part, and sometimes a second, in the order in which they can be started.
    fn choose(&mut self) -> Vec<Part> {
        let count = if self.dice.u32(0..6) == 0 { 2 } else { 1 };
        let mut parts: Vec<_> = (0..count).map(|_| self.choose_one()).collect();
        parts.dedup();
        // No instance starts without its database.
        parts.sort_by_key(|part| matches!(part, Part::Instance(_)));
        parts
    }

    fn choose_one(&mut self) -> Part {
        if self.dice.bool() {
            Part::Instance(self.dice.usize(0..self.instances))
        } else {
            self.servers[self.dice.usize(0..self.servers.len())]
        }
    }

    async fn kill(&mut self, part: Part) -> Result<()> {
        if let Some(outage) = outage_of(part) {
            self.timeline.begin(outage);
        }
        self.deployment.kill(part).await?;
        if part == Part::EventService {
            // It forgets its faults.
            self.timeline.end(Trouble::Refusals);
        }
        Ok(())
    }

    async fn start_again(&mut self, part: Part) -> Result<()> {
        if let Part::Instance(instance) = part
            && self.dice.u32(0..6) == 0
        {
            self.deployment.begin_to_start(instance)?;
            self.pause(LONGEST_START).await;
            self.deployment.kill(part).await?;
            self.count("instance, while it started");
        }
        self.deployment.start_again(part).await?;
        if let Some(outage) = outage_of(part) {
            self.timeline.end(outage);
        }
        Ok(())
    }

    fn count(&mut self, kind: &'static str) {
        *self.kills.entry(kind).or_default() += 1;
    }

    async fn pause(&mut self, longest: Duration) {
        sleep(longest.mul_f64(self.dice.f64())).await;
    }
}

/// What goes on while the part is down. Clients do not speak to the event service.
fn outage_of(part: Part) -> Option<Trouble> {
    match part {
        Part::Instance(instance) => Some(Trouble::Outage(instance)),
        Part::Database => Some(Trouble::DatabaseOutage),
        Part::EventService => None,
    }
}
