use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

use super::kind::Kind;
use super::site::Site;
use crate::measure::oha::{Oha, OpenLoop, Requests};
use crate::measure::other_load::{OtherLoad, Watch};
use crate::measure::population::Member;
use crate::measure::scene::CONNECTIONS;
use crate::measure::script::{Request, Script, Values, write_lines};
use crate::measure::turn::Turn;
use crate::measure::wrk::Wrk;

/// How much of what the smallest size can do all sizes are sent, at which latencies are compared: so little that
/// none of them has to wait for a processor for long.
const SHARE_OF_PEAK: f64 = 0.5;

/// More than are answered in a second, so that none is sent twice.
const READS_PER_SECOND: u64 = 40_000;
const CREATES_PER_SECOND: u64 = 15_000;

/// oha takes any line of a file, and would create some chats twice: with so many lines for each request, one in
/// forty.
const LINES_PER_CREATE: u64 = 20;

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
        let per_second = share(peaks.first().copied().unwrap_or_default());
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
        let seconds = self.length.as_secs();
        let request = |method, path| Request { method, path, token: &site.scene.token, body: None };
        let script = match kind {
            Kind::ReadById | Kind::ReadByKey => {
                let paths = paths(kind, site, READS_PER_SECOND * seconds)?;
                Script::new(&request("GET", "{}"), Values::Rotating(&paths))?
            }
            Kind::Create => {
                let bodies = bodies(site, CREATES_PER_SECOND * seconds)?;
                let request = Request { body: Some("{}"), ..request("POST", "/api/v1/chats") };
                Script::new(&request, Values::Once(&bodies))?
            }
        };
        let turn = site.scene.wrk(&self.wrk, &script, CONNECTIONS, self.length).await?;
        self.clear(kind, site).await?;
        Ok(turn)
    }

    async fn open(&self, kind: Kind, site: &Site, per_second: u32) -> Result<Turn> {
        let due = u64::from(per_second) * self.length.as_secs();
        let base = &site.scene.url;
        let url = format!("{base}/api/v1/chats");
        let lines = match kind {
            Kind::ReadById | Kind::ReadByKey => {
                let paths = paths(kind, site, due)?;
                write_lines(&paths.iter().map(|path| format!("{base}{path}")).collect::<Vec<_>>())?
            }
            Kind::Create => write_lines(&bodies(site, LINES_PER_CREATE * due)?)?,
        };
        let load = OpenLoop {
            requests: match kind {
                Kind::ReadById | Kind::ReadByKey => Requests::Reads(&lines),
                Kind::Create => Requests::Posts { url: &url, bodies: &lines },
            },
            token: &site.scene.token,
            per_second,
            connections: CONNECTIONS,
            length: self.length,
        };
        let turn = Turn::of(&site.scene.parts(), self.oha.run(&load)).await?;
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

fn paths(kind: Kind, site: &Site, count: u64) -> Result<Vec<String>> {
    let path = |member: Member| match kind {
        Kind::ReadByKey => member.path_by_key(),
        Kind::ReadById | Kind::Create => member.path_by_id(),
    };
    Ok(site.population.any(u32::try_from(count)?, &mut Rng::new()).map(path).collect())
}

fn bodies(site: &Site, count: u64) -> Result<Vec<String>> {
    Ok(site.new_chats(u32::try_from(count)?).map(|member| member.body()).collect())
}

fn servers(sites: &[Site]) -> Vec<u32> {
    sites.first().map(|site| site.scene.servers()).unwrap_or_default()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no server answers four billion requests a second"
)]
fn share(peak: f64) -> u32 {
    (peak * SHARE_OF_PEAK) as u32
}
