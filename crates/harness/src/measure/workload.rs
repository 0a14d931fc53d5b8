use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tempfile::TempPath;

use super::kind::Kind;
use super::oha::Requests;
use super::population::{Member, Population};
use super::scene::{CONNECTIONS, Scene};
use super::script::{Request, Script, Values, write_lines};
use super::turn::Turn;
use super::wrk::Wrk;

/// More than are answered in a second, so that none is sent twice.
const READS_PER_SECOND: u64 = 40_000;
const CREATES_PER_SECOND: u64 = 15_000;

/// oha takes any line of a file, and would create some chats twice: with so many lines for each request, one in
/// forty.
const LINES_PER_CREATE: u64 = 20;

const CREATE_PATH: &str = "/api/v1/chats";

/// Requests of one kind after the other on a population, of which the creates are of chats that are not there.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) population: Population,
    /// The number of the chat that is created next.
    next: Cell<u32>,
}

/// Requests for an open loop, in a file that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Lines {
    kind: Kind,
    /// Where creates are posted to.
    url: String,
    file: TempPath,
}

impl Workload {
    pub(crate) fn on(population: Population) -> Self {
        Self { population, next: Cell::new(population.chats) }
    }

    /// Chats that nobody has created.
    pub(crate) fn new_chats(&self, count: u32) -> impl Iterator<Item = Member> {
        let first = self.next.get();
        self.next.set(first + count);
        (first..first + count).map(|number| self.population.member(number))
    }

    /// A turn of wrk, as fast as it is answered.
    pub(crate) async fn closed_loop(
        &self,
        kind: Kind,
        scene: &Scene,
        wrk: &Wrk,
        length: Duration,
    ) -> Result<Turn> {
        let seconds = length.as_secs();
        let request = |method, path| Request { method, path, token: &scene.token, body: None };
        let script = match kind {
            Kind::ReadById | Kind::ReadByKey => {
                let paths = self.paths(kind, READS_PER_SECOND * seconds)?;
                Script::new(&request("GET", "{}"), Values::Rotating(&paths))?
            }
            Kind::Create => {
                let bodies = self.bodies(CREATES_PER_SECOND * seconds)?;
                let request = Request { body: Some("{}"), ..request("POST", CREATE_PATH) };
                Script::new(&request, Values::Once(&bodies))?
            }
        };
        scene.wrk(wrk, &script, CONNECTIONS, length).await
    }

    /// For so many requests that oha sends.
    pub(crate) fn lines(&self, kind: Kind, scene: &Scene, requests: u64) -> Result<Lines> {
        let lines = match kind {
            Kind::ReadById | Kind::ReadByKey => {
                let paths = self.paths(kind, requests)?.into_iter();
                paths.map(|path| format!("{}{path}", scene.url)).collect()
            }
            Kind::Create => self.bodies(LINES_PER_CREATE * requests)?,
        };
        let url = format!("{}{CREATE_PATH}", scene.url);
        Ok(Lines { kind, url, file: write_lines(&lines)? })
    }

    fn paths(&self, kind: Kind, count: u64) -> Result<Vec<String>> {
        let path = |member: Member| match kind {
            Kind::ReadByKey => member.path_by_key(),
            Kind::ReadById | Kind::Create => member.path_by_id(),
        };
        Ok(self.population.any(u32::try_from(count)?, &mut Rng::new()).map(path).collect())
    }

    fn bodies(&self, count: u64) -> Result<Vec<String>> {
        Ok(self.new_chats(u32::try_from(count)?).map(|member| member.body()).collect())
    }
}

impl Lines {
    pub(crate) fn requests(&self) -> Requests<'_> {
        match self.kind {
            Kind::ReadById | Kind::ReadByKey => Requests::Reads(&self.file),
            Kind::Create => Requests::Posts { url: &self.url, bodies: &self.file },
        }
    }
}

/// A part of a rate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no server answers four billion requests a second"
)]
pub(crate) fn share(per_second: f64, part: f64) -> u32 {
    (per_second * part) as u32
}
