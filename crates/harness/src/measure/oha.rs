use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
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

/// Of requests whose answers are not waited for when the time is over.
const DEADLINE: &str = "aborted due to deadline";

impl Oha {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Sends at a rate. An answer that is none, or whose status is an error, is an error.
    pub(crate) async fn run(&self, load: &OpenLoop<'_>) -> Result<Sent> {
        parse(&self.output(load).await?)
    }

    async fn output(&self, load: &OpenLoop<'_>) -> Result<String> {
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
        tool::output(&self.0, &[&words.map(OsStr::new), &load.requests.words()[..]].concat()).await
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

fn parse(output: &str) -> Result<Sent> {
    let said: Said = serde_json::from_str(output).context("oha said something else")?;
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
}
