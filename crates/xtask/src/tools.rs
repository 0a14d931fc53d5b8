//! Programs that measure: found here, or installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use chats_testkit::postgres::find_binaries;

use crate::{packages, postgres};

/// The version of oha whose options and output are known.
const OHA_VERSION: &str = "1.16.0";

/// Finds wrk and oha, and installs what is missing: oha is built into the target directory.
pub(crate) fn ensure_installed(target: &Path) -> Result<[PathBuf; 2]> {
    postgres::ensure_installed()?;
    Ok([wrk()?, built_by_cargo(&target.join("tools"), "oha", OHA_VERSION)?])
}

fn wrk() -> Result<PathBuf> {
    if !packages::exists("wrk") {
        packages::install("wrk", |_| "wrk")?;
    }
    Ok(PathBuf::from("wrk"))
}

/// pgbench comes with the server, and may be in `PATH` alone.
pub(crate) fn pgbench() -> Result<PathBuf> {
    postgres::ensure_installed()?;
    let beside_the_server = find_binaries()?.directory().join("pgbench");
    if beside_the_server.is_file() {
        return Ok(beside_the_server);
    }
    if !packages::exists("pgbench") {
        bail!("there is no pgbench for the PostgreSQL server: install it");
    }
    Ok(PathBuf::from("pgbench"))
}

/// A program of which no distribution's package is of one known version: cargo builds it, once.
pub(crate) fn built_by_cargo(tools: &Path, name: &str, version: &str) -> Result<PathBuf> {
    let program = tools.join("bin").join(name);
    if version_of(&program).as_deref() == Some(version) {
        return Ok(program);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["install", name, "--locked", "--version", version, "--root"]).arg(tools);
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("{name} could not be built");
    }
    Ok(program)
}

/// What stands last in `oha 1.16.0`.
fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let output = String::from_utf8(output.stdout).ok()?;
    output.split_whitespace().last().map(str::to_owned)
}
