use std::time::Duration;

use anyhow::Result;

use super::site::Site;
use crate::measure::kind::Kind;
use crate::measure::oha::{Oha, OpenLoop};
use crate::measure::other_load::{OtherLoad, Watch};
use crate::measure::scene::CONNECTIONS;
use crate::measure::turn::Turn;
use crate::measure::workload::share;
use crate::measure::wrk::Wrk;

/// How much of what the smallest size can do all sizes are sent, at which latencies are compared: so little that
/// none of them has to wait for a processor for long.
const SHARE_OF_PEAK: f64 = 0.5;

/// What takes turns.
pub(super) struct Turns {
    pub(super) wrk: Wrk,
    pub(super) oha: Oha,
    pub(super) rounds: u32,
    pub(super) length: Duration,
}

/// What came of all rounds of a kind.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) kind: Kind,
    /// At which rate the open loop sends, to every size.
    pub(super) per_second: u32,
    pub(super) rounds: Vec<Round>,
}

/// Each size has had its turns.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// In the order of the sizes.
    pub(super) of_sizes: Vec<Loops>,
    pub(super) other: OtherLoad,
}

/// The turns of a size.
#[derive(Debug, Clone)]
pub(super) struct Loops {
    /// wrk, as fast as it is answered.
    pub(super) closed: Turn,
    /// oha, at the rate that is the same for all.
    pub(super) open: Turn,
}

impl Turns {
    /// Has the sizes take turns, after a warm-up of each.
    pub(super) async fn measure(&self, kind: Kind, sites: &[Site]) -> Result<Measured> {
        let mut peaks = Vec::new();
        for site in sites {
            peaks.push(self.closed(kind, site).await?.sent.per_second);
        }
        let per_second = share(peaks.first().copied().unwrap_or_default(), SHARE_OF_PEAK);
        let mut rounds = Vec::new();
        for round in 0..self.rounds as usize {
            let watch = Watch::begin(&servers(sites))?;
            let mut of_sizes: Vec<Option<Loops>> = sites.iter().map(|_| None).collect();
            for turn in 0..sites.len() {
                // Each size comes first in turn.
                let at = (turn + round) % sites.len();
                let closed = self.closed(kind, &sites[at]).await?;
                let open = self.open(kind, &sites[at], per_second).await?;
                of_sizes[at] = Some(Loops { closed, open });
            }
            let of_sizes = of_sizes.into_iter().flatten().collect();
            rounds.push(Round { of_sizes, other: watch.end()? });
        }
        Ok(Measured { kind, per_second, rounds })
    }

    async fn closed(&self, kind: Kind, site: &Site) -> Result<Turn> {
        let Site { scene, workload, .. } = site;
        let turn = workload.closed_loop(kind, scene, &self.wrk, self.length).await?;
        self.clear(kind, site).await?;
        Ok(turn)
    }

    async fn open(&self, kind: Kind, site: &Site, per_second: u32) -> Result<Turn> {
        let Site { scene, workload, .. } = site;
        let lines = workload.lines(kind, scene, u64::from(per_second) * self.length.as_secs())?;
        let load = OpenLoop {
            requests: lines.requests(),
            token: &scene.token,
            per_second,
            connections: CONNECTIONS,
            length: self.length,
        };
        let turn = Turn::of(&scene.parts(), self.oha.run(&load)).await?;
        self.clear(kind, site).await?;
        Ok(turn)
    }

    async fn clear(&self, kind: Kind, site: &Site) -> Result<()> {
        match kind {
            Kind::ReadById | Kind::ReadByKey => Ok(()),
            Kind::Create => site.remove_new_chats().await,
        }
    }
}

fn servers(sites: &[Site]) -> Vec<u32> {
    sites.first().map(|site| site.scene.servers()).unwrap_or_default()
}
