//! The instructions that each part of a request takes, against those that it took before.

mod comparison;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::comparison::Comparison;
use crate::harness::target_directory;
use crate::packages;
use crate::tools::built_by_cargo;

/// The version of gungraun's runner, which must be that of the library.
const RUNNER_VERSION: &str = "0.20.0";

/// How many instructions each part takes.
type Counts = BTreeMap<String, u64>;

/// Counts, and compares with the baseline; or makes what was counted the baseline.
///
/// The baseline is of one platform: another has other instructions.
pub(crate) fn run(update: bool) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        say("Instructions are compared on x86-64 Linux alone.");
        return Ok(());
    }
    let counts = count()?;
    let baseline = baseline_file();
    if update {
        let json = serde_json::to_string_pretty(&counts)? + "\n";
        return fs::write(&baseline, json)
            .with_context(|| format!("cannot write {}", baseline.display()));
    }
    let json = fs::read(&baseline);
    let json = json.with_context(|| format!("cannot read {}", baseline.display()))?;
    let before: Counts = serde_json::from_slice(&json)
        .with_context(|| format!("{} is not a list of counts", baseline.display()))?;

    let comparison = Comparison::of(&before, &counts);
    say(&comparison.to_string());
    if !comparison.is_fine() {
        bail!("parts take more instructions than before; --update accepts that");
    }
    Ok(())
}

fn baseline_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("benchmarks").join("instructions.json")
}

/// Runs the benchmarks under valgrind.
fn count() -> Result<Counts> {
    if !packages::exists("valgrind") {
        packages::install("valgrind", |_| "valgrind")?;
    }
    let tools = target_directory()?.join("tools");
    let runner = built_by_cargo(&tools, "gungraun-runner", RUNNER_VERSION)?;
    let output = Command::new(env!("CARGO"))
        .args(["bench", "--package", "chats-benchmarks", "--bench", "instructions", "--"])
        .arg("--output-format=json")
        .env("PATH", path_with(&runner)?)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the benchmarks failed");
    }
    let summaries = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    summaries.map(|summary| instructions(&summary?)).collect()
}

/// The name of a part and its instructions, as gungraun tells them (version 7 of its format).
fn instructions(summary: &Value) -> Result<(String, u64)> {
    let name = summary["id"].as_str().context("a benchmark has no name")?;
    let count = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new");
    let count = count.and_then(Value::as_u64);
    Ok((name.to_owned(), count.with_context(|| format!("{name} has no count"))?))
}

/// Where the benchmarks look for their runner.
fn path_with(program: &Path) -> Result<OsString> {
    let own = program.parent().map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    let all = own.into_iter().chain(env::split_paths(&path));
    env::join_paths(all).context("the path of the runner has a colon in it")
}

#[expect(clippy::print_stdout, reason = "this is what the task has to say")]
fn say(text: &str) {
    println!("{text}");
}
