use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::script::Script;
use super::tool;
use super::turn::Sent;

/// A server that does not answer for so long has failed.
const PATIENCE: &str = "10s";

/// `wrk`, which sends the next request on each of its connections once the answer to the last one is there.
#[derive(Debug)]
pub(crate) struct Wrk(PathBuf);

/// What our script has it say in the end.
#[derive(Debug, Deserialize)]
struct Said {
    requests: u64,
    duration_us: u32,
    p50_us: u32,
    p99_us: u32,
    connect: u64,
    read: u64,
    write: u64,
    status: u64,
    timeout: u64,
}

impl Wrk {
    pub(crate) fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Sends on this many connections for this long.
    ///
    /// An answer that is none, or whose status is an error, is an error.
    pub(crate) async fn run(
        &self,
        url: &str,
        script: &Script,
        connections: u32,
        length: Duration,
    ) -> Result<Sent> {
        let connections = format!("-c{connections}");
        let length = format!("-d{}s", length.as_secs());
        let script_file = script.file().to_string_lossy();
        let words = ["-t1", &connections, &length, "--timeout", PATIENCE, "-s", &script_file, url];
        let sent = parse(&tool::output(&self.0, &words).await?)?;
        if script.most_requests().is_some_and(|most| sent.requests >= most) {
            bail!("wrk sent {} requests, and had no more that differ", sent.requests);
        }
        Ok(sent)
    }
}

fn parse(output: &str) -> Result<Sent> {
    let said = output.lines().rev().find(|line| line.starts_with('{'));
    let said = said.with_context(|| format!("wrk did not say what it did: {output}"))?;
    let said: Said = serde_json::from_str(said).context("wrk said something else")?;
    let Said { connect, read, write, status, timeout, .. } = said;
    if connect + read + write + status + timeout > 0 {
        bail!(
            "of {} requests, these went wrong: {status} with a status of 400 or more, {timeout} \
             without an answer in {PATIENCE}; errors of sockets: connect {connect}, read {read}, \
             write {write}",
            said.requests
        );
    }
    if said.requests == 0 {
        bail!("wrk got no answer");
    }
    let requests = u32::try_from(said.requests)?;
    Ok(Sent {
        requests: said.requests,
        per_second: f64::from(requests)
            / Duration::from_micros(said.duration_us.into()).as_secs_f64(),
        p50: Some(Duration::from_micros(said.p50_us.into())),
        p99: Some(Duration::from_micros(said.p99_us.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = r#"Running 2s test @ http://127.0.0.1:8080
  1 threads and 32 connections
Requests/sec:  50000.00
Transfer/sec:      1.00MB
{"requests":100000,"duration_us":2000000,"p50_us":520,"p99_us":1800,"connect":0,"read":0,"write":0,"status":0,"timeout":0}
"#;

    #[test]
    fn what_wrk_says_is_understood() {
        let expected = Sent {
            requests: 100_000,
            per_second: 50_000.0,
            p50: Some(Duration::from_micros(520)),
            p99: Some(Duration::from_micros(1_800)),
        };
        assert_eq!(parse(OUTPUT).unwrap(), expected);
    }

    #[test]
    fn each_kind_of_error_fails_the_turn() {
        for kind in ["connect", "read", "write", "status", "timeout"] {
            let output = OUTPUT.replace(&format!(r#""{kind}":0"#), &format!(r#""{kind}":3"#));
            let error = parse(&output).unwrap_err().to_string();
            assert!(error.contains('3'), "{error}");
        }
    }

    #[test]
    fn a_turn_without_answers_fails() {
        assert!(parse(&OUTPUT.replace("100000", "0")).is_err());
        assert!(parse("unable to connect to 127.0.0.1:8080 Connection refused").is_err());
    }
}
