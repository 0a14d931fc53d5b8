//! Whether the service does what its OpenAPI document says: Schemathesis makes up requests, good and bad, and
//! judges the answers. <https://schemathesis.readthedocs.io>

mod service;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{harness, libraries, postgres};
use service::Service;

/// With hashes, for some of it is compiled.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// How many requests are made up for each operation in a round. More of them come from the rules themselves,
/// and from following links.
const REQUESTS_PER_ROUND: u32 = 300;

/// As many as a short run has time for.
const FEW_REQUESTS: u32 = 10;

/// Runs rounds on each database until there were so many cases, the first of them from this seed.
pub(crate) fn run(cases: u64, seed: u64) -> Result<()> {
    let target = harness::target_directory()?;
    let schemathesis = Schemathesis::installed(&target)?;
    let build = Command::new(env!("CARGO")).args(["build", "--package", "chats"]).status();
    if !build.context("cannot start cargo")?.success() {
        bail!("chats could not be built");
    }
    let cluster = postgres::start()?;
    let url = cluster.url();
    for (database, url) in [("SQLite", None), ("PostgreSQL", Some(url.as_str()))] {
        let service = Service::start(&chats_in(&target), url)?;
        let (mut done, mut seed) = (0, seed);
        while done < cases {
            done += schemathesis.round(&service, seed, REQUESTS_PER_ROUND)?;
            say(&format!(
                "{database}: {done} of {cases} cases without a failure, up to seed {seed}"
            ));
            seed += 1;
        }
    }
    Ok(())
}

/// Runs a short round on SQLite, and on this PostgreSQL server, of the program that the tests have built.
/// Where Schemathesis cannot be installed, it says so.
pub(crate) fn run_short(server: &str) -> Result<()> {
    let target = harness::target_directory()?;
    let schemathesis = match Schemathesis::installed(&target) {
        Ok(schemathesis) => schemathesis,
        Err(error) => {
            say(&format!(
                "warning: the OpenAPI document was not held against the service: {error:#}"
            ));
            return Ok(());
        }
    };
    let url = postgres::create_database(server)?;
    for (database, url) in [("SQLite", None), ("PostgreSQL", Some(url.as_str()))] {
        let service = Service::start(&chats_in(&target), url)?;
        let cases = schemathesis.round(&service, 1, FEW_REQUESTS)?;
        say(&format!("the service does what its document says, in {cases} cases on {database}"));
    }
    Ok(())
}

fn chats_in(target: &Path) -> PathBuf {
    target.join("debug").join("chats")
}

struct Schemathesis {
    /// Where Python finds it.
    libraries: PathBuf,
    /// Our settings and hooks.
    settings: PathBuf,
}

impl Schemathesis {
    fn installed(target: &Path) -> Result<Self> {
        let tools = target.join("tools");
        let libraries = libraries::of_requirements(&tools, "schemathesis", REQUIREMENTS)?;
        let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
        Ok(Self { libraries, settings })
    }

    /// Sends what comes of a seed, and returns how many cases that were. None of them failed.
    fn round(&self, service: &Service, seed: u64, requests: u32) -> Result<u64> {
        let directory = service.directory();
        let report = directory.join("report.json");
        let log = directory.join("schemathesis.log");
        let output = File::create(&log)?;
        let mut python = Command::new("python3");
        python
            .args(["-m", "schemathesis.cli", "--config-file"])
            .arg(self.settings.join("schemathesis.toml"));
        python.arg("run").arg(service.url("/openapi.json"));
        python
            .args(["--checks=all", "--no-color", "--report=json", "--report-json-path"])
            .arg(&report);
        python.arg(format!("--seed={seed}")).arg(format!("--max-examples={requests}"));
        python.env("PYTHONPATH", &self.libraries);
        python.env("SCHEMATHESIS_HOOKS", self.settings.join("hooks.py"));
        python.env("PYTHONDONTWRITEBYTECODE", "1");
        python.env("NO_PROXY", "127.0.0.1").env("EVENT_URL", service.event_url());
        python.env("TOKEN", service.token()?);
        // It leaves files where it runs.
        python.current_dir(directory).stderr(output.try_clone()?).stdout(output);
        let status = python.status().context("cannot run python3")?;
        let said = || fs::read_to_string(&log).unwrap_or_default();
        if !status.success() {
            // It ends with 1 if it found something; other ends are its own trouble, or somebody's signal.
            bail!("{}\nschemathesis ended with {status}, with the seed {seed}", said());
        }
        cases(&fs::read(&report)?).with_context(|| format!("{}\nwith the seed {seed}", said()))
    }
}

/// How many cases a report tells of, if they are all that there were to be.
fn cases(report: &[u8]) -> Result<u64> {
    let report: Value = serde_json::from_slice(report)?;
    let number = |pointer: &str| {
        let number = report.pointer(pointer).and_then(Value::as_u64);
        number.with_context(|| format!("the report has no {pointer}"))
    };
    // A request that cannot be sent ends a phase without a word.
    if number("/test_cases/errored")? != 0 || number("/test_cases/with_failures")? != 0 {
        bail!("schemathesis could not do all that it wanted");
    }
    let operations = number("/operations/tested")?;
    if report["complete"] != true || operations == 0 || operations != number("/operations/total")? {
        bail!("schemathesis did not try all operations");
    }
    number("/test_cases/generated")
}

fn say(line: &str) {
    #[expect(clippy::print_stderr, reason = "this is where a developer looks")]
    {
        eprintln!("{line}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        json!({
            "complete": true,
            "operations": {"total": 6, "tested": 6},
            "test_cases": {"generated": 7_000, "errored": 0, "with_failures": 0},
        })
    }

    #[test]
    fn a_report_of_a_whole_run_tells_how_many_cases_there_were() {
        assert_eq!(cases(report().to_string().as_bytes()).unwrap(), 7_000);
    }

    #[test]
    fn a_run_that_left_something_out_does_not_count() {
        for (pointer, value) in [
            ("/complete", json!(false)),
            ("/operations/tested", json!(5)),
            ("/test_cases/errored", json!(1)),
            ("/test_cases/with_failures", json!(1)),
        ] {
            let mut report = report();
            *report.pointer_mut(pointer).unwrap() = value;
            assert!(cases(report.to_string().as_bytes()).is_err(), "{pointer}");
        }
        assert!(cases(b"{}").is_err());
    }
}
