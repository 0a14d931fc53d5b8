use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use diesel::sql_types::{Double, Integer};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use rustix::process::setpriority_process;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::proc;
use super::tool;
use super::turn::Sent;

/// `oha`, which sends at a rate whether the answers come or not, and counts how long an answer took from
/// when its request should have been sent (so that it omits nothing where the service is slow).
#[derive(Debug)]
pub(crate) struct Oha(PathBuf);

/// What is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct OpenLoop<'a> {
    pub(crate) requests: Requests<'a>,
    pub(crate) token: &'a str,
    pub(crate) per_second: u32,
    pub(crate) connections: u32,
    pub(crate) length: Duration,
}

/// Of which requests any is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Requests<'a> {
    /// Reads of a URL with ranges of characters in it, as `[0-9]`, of which any is taken.
    Like(&'a str),
    /// Reads of the URLs in a file, each on a line.
    Reads(&'a Path),
    /// Posts to a URL of the bodies in a file, JSON, each on a line.
    Posts { url: &'a str, bodies: &'a Path },
}

/// What came of all requests of an open loop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) answers: Vec<Answer>,
    /// How many had no answer, by what oha says of it.
    pub(crate) failures: BTreeMap<String, u64>,
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// When it was due, from the beginning of the load on.
    pub(crate) due: Duration,
    /// From then on.
    pub(crate) took: Duration,
}

/// What oha says of a load.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    summary: Summary,
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: f64,
}

/// As `nice` counts.
const LOWEST_PRIORITY: i32 = 19;

/// Of requests whose answers are not waited for when the time is over.
const DEADLINE: &str = "aborted due to deadline";

impl Oha {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Sends at a rate. An answer that is none, or whose status is an error, is an error.
    pub(crate) async fn run(&self, load: &OpenLoop<'_>) -> Result<Sent> {
        parse(&tool::output(&self.0, &words(load, &[])).await?)
    }

    /// Sends at a rate, and has what came of each request written to a file that is not there yet, whatever that is:
    /// the file appears when the time of the load is over. Returns what [`Outcome::of`] reads it with.
    pub(crate) async fn run_to_file(&self, load: &OpenLoop<'_>, file: &Path) -> Result<Said> {
        let words = words(load, &["--db-url".as_ref(), file.as_os_str()]);
        said(&tool::output(&self.0, &words).await?)
    }

    /// Has those that run give way to those that are started from now on: they have sent all, and do but write.
    /// Returns the processor time that they took until now.
    pub(crate) fn give_way(&self) -> Result<Duration> {
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = |it: &proc::Process| it.parent == proc::own_id() && it.name == name;
        let mut ticks = 0;
        for process in proc::processes()?.into_iter().filter(is_ours) {
            ticks += process.ticks;
            for thread in proc::threads_of(process.id) {
                setpriority_process(Some(thread), LOWEST_PRIORITY)?;
            }
        }
        Ok(proc::time(ticks))
    }
}

fn words(load: &OpenLoop<'_>, more: &[&OsStr]) -> Vec<OsString> {
    let length = format!("{}s", load.length.as_secs());
    let (rate, connections) = (load.per_second.to_string(), load.connections.to_string());
    let token = format!("Authorization: Bearer {}", load.token);
    let words = [
        "--no-tui",
        "--output-format",
        "json",
        "--latency-correction",
        "-z",
        &length,
        "-q",
        &rate,
        "-c",
        &connections,
        "-H",
        &token,
    ];
    let words = words.into_iter().map(OsStr::new).chain(more.iter().copied());
    words.chain(load.requests.words()).map(OsStr::to_owned).collect()
}

impl Outcome {
    /// What oha said, and wrote to a file.
    pub(crate) async fn of(said: Said, file: &Path) -> Result<Self> {
        let file = file.to_owned();
        let answers = spawn_blocking(move || answers_in(&file)).await??;
        let mut failures = said.error_distribution;
        failures.remove(DEADLINE);
        Ok(Self { answers, failures })
    }
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl<'a> Requests<'a> {
    fn words(self) -> Vec<&'a OsStr> {
        match self {
            Self::Like(url) => vec!["--rand-regex-url".as_ref(), url.as_ref()],
            Self::Reads(urls) => vec!["--urls-from-file".as_ref(), urls.as_ref()],
            Self::Posts { url, bodies } => {
                let post = ["-m", "POST", "-T", "application/json", "-Z"].map(OsStr::new);
                [&post[..], &[bodies.as_ref(), url.as_ref()]].concat()
            }
        }
    }
}

fn said(output: &str) -> Result<Said> {
    serde_json::from_str(output).context("oha said something else")
}

/// oha has written each answer to a table.
fn answers_in(file: &Path) -> Result<Vec<Answer>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        status: i32,
        #[diesel(sql_type = Double)]
        due: f64,
        #[diesel(sql_type = Double)]
        took: f64,
    }

    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    let answers = "SELECT status, start_latency_correction AS due, duration AS took FROM oha";
    let rows: Vec<Row> = sql_query(answers).load(&mut connection)?;
    let answer = |row: Row| {
        let [due, took] = [row.due, row.took].map(|time| Duration::from_secs_f64(time.max(0.0)));
        Ok(Answer { status: row.status.try_into()?, due, took })
    };
    rows.into_iter().map(answer).collect()
}

fn parse(output: &str) -> Result<Sent> {
    let said = said(output)?;
    let is_bad = |(status, _): &(&String, &u64)| !status.starts_with('2');
    let bad: Vec<_> = said.status_code_distribution.iter().filter(is_bad).collect();
    let errors: Vec<_> = said.error_distribution.iter().filter(|(it, _)| *it != DEADLINE).collect();
    if !bad.is_empty() || !errors.is_empty() {
        bail!("of oha's requests, some went wrong: {bad:?}, {errors:?}");
    }
    let percentile = |name: &str| {
        let seconds = said.latency_percentiles.get(name).copied().flatten();
        seconds.map(Duration::from_secs_f64).with_context(|| format!("oha does not tell {name}"))
    };
    Ok(Sent {
        requests: said.status_code_distribution.values().sum(),
        per_second: said.summary.requests_per_sec,
        p50: Some(percentile("p50")?),
        p99: Some(percentile("p99")?),
    })
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    const OUTPUT: &str = r#"{
      "summary": {"successRate": 1.0, "total": 2.0, "requestsPerSec": 200.5, "totalData": 134000},
      "latencyPercentiles": {"p50": 0.002889624, "p99": 0.010443211, "p99.99": null},
      "statusCodeDistribution": {"200": 400},
      "errorDistribution": {"aborted due to deadline": 1}
    }"#;

    #[test]
    fn what_oha_says_is_understood() {
        let expected = Sent {
            requests: 400,
            per_second: 200.5,
            p50: Some(Duration::from_nanos(2_889_624)),
            p99: Some(Duration::from_nanos(10_443_211)),
        };
        assert_eq!(parse(OUTPUT).unwrap(), expected);
    }

    #[test]
    fn another_status_or_an_error_fails_the_turn() {
        let other_status = OUTPUT.replace(r#""200": 400"#, r#""200": 399, "503": 1"#);
        assert!(parse(&other_status).unwrap_err().to_string().contains("503"));
        let error = OUTPUT.replace("aborted due to deadline", "connection refused");
        assert!(parse(&error).unwrap_err().to_string().contains("refused"));
        assert!(parse(&OUTPUT.replace("0.010443211", "null")).is_err());
        assert!(parse("oha: error").is_err());
    }

    #[test]
    fn what_oha_writes_is_understood() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("answers.sqlite");
        let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        // As oha has it; columns that are not read are left out.
        connection
            .batch_execute(
                "CREATE TABLE oha (
                     start_latency_correction REAL, duration REAL NOT NULL, status INTEGER NOT NULL
                 );
                 INSERT INTO oha VALUES (0.25, 0.002, 201), (1.5, 5.0, 503)",
            )
            .unwrap();
        let [good, refused] = answers_in(&file).unwrap()[..] else { panic!("not two answers") };
        let [due, took] = [250, 2].map(Duration::from_millis);
        assert_eq!(good, Answer { status: 201, due, took });
        assert!(good.is_good() && !refused.is_good());
        assert_eq!(refused.took, Duration::from_secs(5));
    }

    #[test]
    fn requests_are_told_in_the_words_of_oha() {
        let file = Path::new("/tmp/lines");
        let words = |requests: Requests<'_>| {
            requests.words().join(OsStr::new(" ")).to_string_lossy().into_owned()
        };
        assert_eq!(words(Requests::Like("http://a/[0-9]")), "--rand-regex-url http://a/[0-9]");
        assert_eq!(words(Requests::Reads(file)), "--urls-from-file /tmp/lines");
        let posts = words(Requests::Posts { url: "http://a/chats", bodies: file });
        assert_eq!(posts, "-m POST -T application/json -Z /tmp/lines http://a/chats");
    }
}
