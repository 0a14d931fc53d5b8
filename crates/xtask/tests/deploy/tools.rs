//! The tools, where they are there.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Names the folder into which `cargo xtask test` installed what Python runs.
const FOLDER_VARIABLE: &str = "CHATS_DEPLOY_TOOLS";

/// A program of this machine; `None` if it is not there.
pub(crate) fn program(name: &str) -> Option<Command> {
    let is_there = Command::new(name).arg("--version").output().is_ok();
    is_there.then(|| Command::new(name)).or_else(|| not_run(name))
}

/// A program that came with what Python runs.
pub(crate) fn installed_program(name: &str) -> Option<Command> {
    let program = folder()?.join("bin").join(name);
    program.is_file().then(|| Command::new(program)).or_else(|| not_run(name))
}

/// Python, with what it has to run.
pub(crate) fn python() -> Option<Command> {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder()?);
    Some(python)
}

/// What is in a file of YAML.
pub(crate) fn yaml(file: &Path) -> Option<Value> {
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let printed = succeed(python()?.args(["-c", script]).arg(file));
    Some(serde_json::from_str(&printed).unwrap())
}

/// Whether a file is as a JSON schema wants it.
pub(crate) fn is_valid(file: &Path, schema: [&str; 2]) -> Option<()> {
    succeed(python()?.args(["-m", "check_jsonschema"]).args(schema).arg(file));
    Some(())
}

/// Runs a command that has to succeed, and returns what it prints.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?} failed:\n{}", all(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// All that a command has said.
pub(crate) fn all(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it)).concat()
}

fn folder() -> Option<PathBuf> {
    env::var_os(FOLDER_VARIABLE).map(PathBuf::from).or_else(|| not_run("what Python runs"))
}

fn not_run<T>(missing: &str) -> Option<T> {
    let test = std::thread::current();
    let test = test.name().unwrap_or_default();
    // Past what the test runner catches of a test that passes.
    let _ = writeln!(std::io::stdout(), "NOT RUN: {test}, for want of {missing}");
    None
}
