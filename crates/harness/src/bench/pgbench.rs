use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::measure::tool;
use crate::measure::turn::Sent;
use crate::statistics::percentile;

/// `pgbench`: what PostgreSQL can do at all.
#[derive(Debug)]
pub(super) struct Pgbench(PathBuf);

/// What is to be done, and by how many.
#[derive(Debug, Clone)]
pub(super) struct Task<'a> {
    /// In the language of pgbench.
    pub(super) script: &'a str,
    /// What its variables are at the beginning, for each client: `name=value`.
    pub(super) variables: &'a [&'a str],
    pub(super) clients: u32,
    pub(super) length: Duration,
}

impl Pgbench {
    pub(super) fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Has the script carried out again and again, with prepared statements.
    pub(super) async fn run(&self, url: &str, task: &Task<'_>) -> Result<Sent> {
        parse(&self.output(url, task, &[]).await?.0)
    }

    /// As [`Self::run`]; each run of the script is timed, which makes them a little slower.
    pub(super) async fn run_timed(&self, url: &str, task: &Task<'_>) -> Result<Sent> {
        let (output, directory) = self.output(url, task, &["--log"]).await?;
        let mut times = Vec::new();
        for file in fs::read_dir(directory.path())? {
            let file = file?.path();
            if file
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log"))
            {
                times.extend(times_in(&fs::read_to_string(file)?)?);
            }
        }
        let [p50, p99] = [50, 99].map(|percent| Some(percentile(&times, percent)));
        Ok(Sent { p50, p99, ..parse(&output)? })
    }

    async fn output(&self, url: &str, task: &Task<'_>, more: &[&str]) -> Result<(String, TempDir)> {
        let directory = tempfile::tempdir()?;
        let script = directory.path().join("script.sql");
        fs::write(&script, task.script)?;
        let log = format!("--log-prefix={}", directory.path().join("pgbench_log").display());
        let (clients, seconds) = (task.clients.to_string(), task.length.as_secs().to_string());
        let script = script.to_string_lossy();
        let words = ["-n", "-M", "prepared", "-j", "1", "-c", &clients, "-T", &seconds];
        let log = if more.is_empty() { vec![] } else { vec![log.as_str()] };
        let variables: Vec<_> = task.variables.iter().flat_map(|it| ["-D", it]).collect();
        let words = [&words[..], &variables, more, &log, &["-f", &script, url]].concat();
        Ok((tool::output(&self.0, &words).await?, directory))
    }
}

fn parse(output: &str) -> Result<Sent> {
    let value = |name: &str| {
        let rest = output.lines().find_map(|line| line.trim().strip_prefix(name));
        let word = rest.and_then(|rest| rest.split_whitespace().next());
        word.with_context(|| format!("pgbench does not tell '{name}': {output}"))
    };
    let failed = value("number of failed transactions:")?;
    if failed != "0" {
        bail!("of pgbench's transactions, {failed} failed");
    }
    let requests = value("number of transactions actually processed:")?;
    Ok(Sent {
        // With -t, it is followed by how many there were to be.
        requests: requests.split('/').next().unwrap_or_default().parse()?,
        per_second: value("tps =")?.parse()?,
        p50: None,
        p99: None,
    })
}

/// The third column is how long a transaction took, in microseconds.
fn times_in(log: &str) -> Result<Vec<Duration>> {
    let time = |line: &str| {
        let micros = line.split(' ').nth(2).and_then(|word| word.parse().ok());
        micros.map(Duration::from_micros).with_context(|| format!("pgbench logged: {line}"))
    };
    log.lines().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "pgbench (15.18 (Debian 15.18-0+deb12u1))
transaction type: script.sql
scaling factor: 1
query mode: prepared
number of clients: 8
number of threads: 1
maximum number of tries: 1
duration: 2 s
number of transactions actually processed: 53123
number of failed transactions: 0 (0.000%)
latency average = 0.300 ms
initial connection time = 12.345 ms
tps = 26634.567890 (without initial connection time)
";

    #[test]
    fn what_pgbench_says_is_understood() {
        let expected = Sent { requests: 53_123, per_second: 26_634.567_89, p50: None, p99: None };
        assert_eq!(parse(OUTPUT).unwrap(), expected);
    }

    #[test]
    fn a_transaction_that_failed_fails_the_turn() {
        let output = OUTPUT.replace("failed transactions: 0", "failed transactions: 7");
        assert!(parse(&output).unwrap_err().to_string().contains("7 failed"));
        assert!(parse("").is_err());
    }

    #[test]
    fn the_time_of_each_transaction_is_in_the_log() {
        let log = "0 199 2241 0 1175850568 995598\n0 200 2465 0 1175850568 998079\n";
        let micros = [2_241, 2_465].map(Duration::from_micros);
        assert_eq!(times_in(log).unwrap(), micros);
        assert!(times_in("0 201 skipped 0 1175850569 608").is_err());
    }
}
