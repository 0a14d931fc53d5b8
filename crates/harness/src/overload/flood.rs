use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::measure::kind::Kind;
use crate::measure::oha::{Answer, Oha, OpenLoop, Outcome, Said};
use crate::measure::scene::{self, Scene};
use crate::measure::workload::{Lines, Workload, share};
use crate::measure::wrk::Wrk;
use crate::statistics::percentile;

/// How many connections a flood of creates comes on: two thirds of what an instance takes by default. A create that
/// finds none free waits in oha, and its latency counts from when it was due.
pub(super) const FOR_CREATES: u32 = 8_000;
/// Reads are answered so fast that these keep the service as busy as more would, and more would keep oha busier.
pub(super) const FOR_READS: u32 = 1_000;

/// How much of the peak comes before the flood and after it, and how much in it.
const CALM: f64 = 0.5;
const FLOOD: f64 = 2.0;

/// How long it is calm, before and after.
const CALM_BEFORE: Duration = Duration::from_secs(5);
const CALM_AFTER: Duration = Duration::from_secs(15);

/// Browsers and the platform's clients give up after this.
const PATIENCE: Duration = Duration::from_secs(10);
/// What people take for an answer at once.
const SOON: Duration = Duration::from_secs(1);

/// After the flood, latency is looked at in pieces of this length.
const PIECE: Duration = Duration::from_millis(250);
/// How often longer than before nearly all answers of a piece may take, to be as before.
const AS_BEFORE: u32 = 2;

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// What floods a service.
pub(super) struct Floods {
    pub(super) wrk: Wrk,
    pub(super) oha: Oha,
    pub(super) length: Duration,
}

/// What came of a round.
#[derive(Debug, Clone)]
pub(super) struct Flooded {
    /// How many are answered in a second at the most.
    pub(super) peak: f64,
    /// How many were due in a second of the flood.
    pub(super) due_per_second: u32,
    /// How many processors oha kept busy meanwhile.
    pub(super) sender_busy: f64,
    pub(super) flood: Answers,
    /// How long nearly all answers took at half the peak, before and after.
    pub(super) p99_before: Duration,
    pub(super) p99_after: Duration,
    /// How many of those after the flood had a status of an error.
    pub(super) not_good_after: usize,
    /// How long after the flood nearly all answers took no longer than before; `None` if they still did in the end.
    pub(super) recovered_after: Option<Duration>,
}

/// How a flood was answered.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    /// How many good ones came in a second: before the clients' patience was at its end, and at once.
    pub(super) in_time: f64,
    pub(super) soon: f64,
    pub(super) good_p99: Duration,
    /// How many were answered with a status of an error.
    pub(super) shed: BTreeMap<u16, usize>,
    pub(super) shed_p99: Duration,
    /// How many had no answer, by what oha says of it.
    pub(super) failures: BTreeMap<String, u64>,
    /// How many had none yet when the flood was over, be they sent or waiting for a connection.
    pub(super) unanswered: u64,
}

impl Floods {
    /// One round: the peak, half of it, twice as much, and half of it again.
    pub(super) async fn flood(
        &self,
        kind: Kind,
        scene: &Scene,
        workload: &Workload,
    ) -> Result<Flooded> {
        let peak = workload.closed_loop(kind, scene, &self.wrk, CALM_BEFORE).await?;
        let per_second = peak.sent.per_second;
        let load = |part, length, connections| Load {
            per_second: share(per_second, part),
            length,
            connections,
        };
        let calm_before = load(CALM, CALM_BEFORE, scene::CONNECTIONS);
        let flood = load(FLOOD, self.length, connections(kind));
        let calm_after = load(CALM, CALM_AFTER, scene::CONNECTIONS);
        // All lines are there before, so that one load follows the other at once.
        let lines = |load: Load| workload.lines(kind, scene, load.requests());
        let lines_before = lines(calm_before)?;
        let (lines_of_flood, lines_after) = (lines(flood)?, lines(calm_after)?);
        let directory = tempfile::tempdir()?;
        let [file_before, file_of_flood, file_after] =
            ["before", "flood", "after"].map(|name| directory.path().join(name));

        let before = self.send(scene, &lines_before, calm_before, &file_before).await?;
        let follow = async {
            until_there(&file_of_flood).await;
            let busy = self.oha.give_way()?;
            let after = self.send(scene, &lines_after, calm_after, &file_after).await?;
            anyhow::Ok((busy, after))
        };
        let too_much = self.send(scene, &lines_of_flood, flood, &file_of_flood);
        let (flooded, (busy, after)) = tokio::try_join!(too_much, follow)?;
        let before = Outcome::of(before, &file_before).await?;
        let flooded = Outcome::of(flooded, &file_of_flood).await?;
        let after = Outcome::of(after, &file_after).await?;

        let normal = p99(&before.answers);
        let recovered_after = first_piece_under(normal * AS_BEFORE, &after.answers);
        Ok(Flooded {
            peak: per_second,
            due_per_second: flood.per_second,
            sender_busy: busy.div_duration_f64(self.length),
            flood: Answers::of(&flooded, flood),
            p99_before: normal,
            p99_after: p99(&after.answers),
            not_good_after: after.answers.iter().filter(|answer| !answer.is_good()).count(),
            recovered_after,
        })
    }

    async fn send(&self, scene: &Scene, lines: &Lines, load: Load, file: &Path) -> Result<Said> {
        let Load { per_second, length, connections } = load;
        let requests = lines.requests();
        let load = OpenLoop { requests, token: &scene.token, per_second, connections, length };
        self.oha.run_to_file(&load, file).await
    }
}

fn connections(kind: Kind) -> u32 {
    match kind {
        Kind::Create => FOR_CREATES,
        Kind::ReadById | Kind::ReadByKey => FOR_READS,
    }
}

/// Waits for a file to appear.
async fn until_there(file: &Path) {
    while !file.exists() {
        sleep(BETWEEN_LOOKS).await;
    }
}

/// How much is sent.
#[derive(Debug, Clone, Copy)]
struct Load {
    per_second: u32,
    length: Duration,
    connections: u32,
}

impl Load {
    fn requests(self) -> u64 {
        u64::from(self.per_second) * self.length.as_secs()
    }
}

impl Answers {
    fn of(outcome: &Outcome, load: Load) -> Self {
        let Outcome { answers, failures } = outcome;
        let (good, shed): (Vec<Answer>, Vec<Answer>) =
            answers.iter().copied().partition(Answer::is_good);
        let per_second = |patience| {
            let in_time = good.iter().filter(|answer| answer.took < patience).count();
            Duration::from_micros(in_time as u64).div_duration_f64(load.length) * 1e6
        };
        let mut statuses = BTreeMap::new();
        for answer in &shed {
            *statuses.entry(answer.status).or_default() += 1;
        }
        let had_an_end = answers.len() as u64 + failures.values().sum::<u64>();
        Self {
            in_time: per_second(PATIENCE),
            soon: per_second(SOON),
            good_p99: p99(&good),
            shed: statuses,
            shed_p99: p99(&shed),
            failures: failures.clone(),
            unanswered: load.requests().saturating_sub(had_an_end),
        }
    }
}

fn p99(answers: &[Answer]) -> Duration {
    percentile(&answers.iter().map(|answer| answer.took).collect::<Vec<_>>(), 99)
}

/// When the first piece ends in which nearly all answers are good, and took no longer than that.
fn first_piece_under(bound: Duration, answers: &[Answer]) -> Option<Duration> {
    let mut pieces: BTreeMap<u32, Vec<Duration>> = BTreeMap::new();
    for answer in answers {
        let took = if answer.is_good() { answer.took } else { Duration::MAX };
        let piece = answer.due.as_micros() / PIECE.as_micros();
        pieces.entry(u32::try_from(piece).ok()?).or_default().push(took);
    }
    let calm = pieces.iter().find(|(_, took)| percentile(took, 99) <= bound);
    calm.map(|(piece, _)| PIECE * (*piece + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { per_second: 10, length: Duration::from_secs(2), connections: 1 };

    #[test]
    fn answers_count_if_they_are_good_and_in_time() {
        let answers = [
            (201, 900),
            (201, 999),
            (200, 1_000),
            (201, 9_999),
            (201, 10_000),
            (503, 40),
            (503, 50),
            (429, 1),
        ];
        let answers = answers.map(|(status, took)| answer(status, 0, took)).to_vec();
        let failures = BTreeMap::from([("connection refused".to_owned(), 2)]);
        let answers = Answers::of(&Outcome { answers, failures }, LOAD);
        assert!((answers.in_time - 2.0).abs() < 1e-9 && (answers.soon - 1.0).abs() < 1e-9);
        assert_eq!(answers.shed, BTreeMap::from([(429, 1), (503, 2)]));
        assert_eq!(answers.good_p99, Duration::from_secs(10));
        assert_eq!(answers.shed_p99, Duration::from_millis(50));
        // Of twenty, eight were answered and two failed.
        assert_eq!(answers.unanswered, 10);
    }

    #[test]
    fn it_is_calm_again_at_the_end_of_the_first_piece_that_is() {
        let bound = Duration::from_millis(10);
        let after = |answers: &[Answer]| first_piece_under(bound, answers);
        assert_eq!(after(&[answer(200, 0, 10)]), Some(PIECE));
        let slow_at_first = [answer(200, 10, 700), answer(200, 260, 450), answer(200, 510, 9)];
        assert_eq!(after(&slow_at_first), Some(PIECE * 3));
        let refused_at_first = [answer(503, 0, 1), answer(200, 250, 1)];
        assert_eq!(after(&refused_at_first), Some(PIECE * 2));
        assert_eq!(after(&[answer(200, 0, 11)]), None);
    }

    fn answer(status: u16, due: u64, took: u64) -> Answer {
        let [due, took] = [due, took].map(Duration::from_millis);
        Answer { status, due, took }
    }
}
