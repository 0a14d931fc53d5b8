use std::cell::RefCell;

use anyhow::Result;

use super::super::Bench;
use super::super::chats::{self, CHAT_ID_PREFIX, FIRST_CHAT};
use super::super::figure::{Figure, Unit};
use super::{cold_read, warm_read};
use crate::deployment::{DatabaseKind, Rooms};
use crate::measure::goal::Goal;
use crate::measure::oha::{OpenLoop, Requests};
use crate::measure::scene::{CONNECTIONS, NO_CACHE, Scene};
use crate::measure::turn::Turn;
use crate::statistics::Spread;

/// How much of the peak is sent.
const SHARE_OF_PEAK: f64 = 0.7;

/// A tool that sends less than this share of what it is to send is itself too slow.
const LEAST_SENT: f64 = 0.97;

pub(super) async fn warm(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let ids = Ids { chats: warm_read::CHATS, pattern: "[0-2][0-9]{2}" };
    measure(bench, "open_loop_warm", "", ids, Goal::Under(5.0)).await
}

pub(super) async fn cold(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let ids = Ids { chats: cold_read::CHATS, pattern: "[0-9]{5}" };
    measure(bench, "open_loop_cold", NO_CACHE, ids, Goal::Under(15.0)).await
}

/// The chats that are read, and what the ends of their identifiers look like.
#[derive(Clone, Copy)]
struct Ids {
    chats: u32,
    pattern: &'static str,
}

async fn measure(
    bench: &Bench<'_>,
    name: &'static str,
    settings: &str,
    ids: Ids,
    goal: Goal,
) -> Result<Vec<Figure>> {
    let rooms = Rooms::OfAnotherProcessInMemory;
    let scene = Scene::start(&bench.plan.chats, DatabaseKind::Postgres, rooms, settings).await?;
    let script = scene.reads(&chats::seed(&scene, ids.chats).await?)?;
    let url = format!("{}/api/v1/chats/{CHAT_ID_PREFIX}{}", scene.url, ids.ends());

    let peak = RefCell::new(0.0);
    let limit = async |length| {
        let turn = scene.wrk(&bench.wrk, &script, CONNECTIONS, length).await?;
        peak.replace(turn.sent.per_second);
        Ok(("the peak, with wrk", turn))
    };
    let service = async |length| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "no server answers four billion requests a second"
        )]
        let per_second = (*peak.borrow() * SHARE_OF_PEAK) as u32;
        let load = OpenLoop {
            requests: Requests::Like(&url),
            token: &scene.token,
            per_second,
            connections: CONNECTIONS,
            length,
        };
        Turn::of(&scene.parts(), bench.oha.run(&load)).await
    };
    let rounds = bench.rounds(&scene.servers(), limit, service).await?;
    let reached = rounds.ratio().least / SHARE_OF_PEAK;
    let p99 = rounds.0.iter().filter_map(|round| round.service.sent.p99);
    let p99 = Spread::of(p99.map(|time| time.as_secs_f64() * 1e3));
    let note = if reached < LEAST_SENT {
        format!(
            "NOT AT ITS RATE: in one round, only {:.0} % of what was due was answered",
            reached * 100.0
        )
    } else {
        "p99 at 70 % of the peak, from when a request was due".to_owned()
    };
    let figure = Figure { value: Some((Unit::Milliseconds, p99)), ..Figure::rate(name, rounds) };
    Ok(vec![figure.with_goal(goal).with_note(note)])
}

impl Ids {
    /// The numbers of the chats, as a pattern: the first digits are those of the first.
    fn ends(self) -> String {
        let digits = u64::from(self.chats - 1).to_string().len();
        let first = FIRST_CHAT.to_string();
        format!("{}{}", &first[..first.len() - digits], self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_gives_the_identifiers_of_the_chats() {
        let warm = Ids { chats: 300, pattern: "[0-2][0-9]{2}" };
        assert_eq!(warm.ends(), "100000000[0-2][0-9]{2}");
        let cold = Ids { chats: 100_000, pattern: "[0-9]{5}" };
        assert_eq!(cold.ends(), "1000000[0-9]{5}");
    }
}
