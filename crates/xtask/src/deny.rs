use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{harness, tools};

/// The version of cargo-deny whose rules `deny.toml` is written for.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Has cargo-deny judge the dependencies by `deny.toml`, but for advisories: those come over the network, and
/// change while nothing changes here.
pub(crate) fn run() -> Result<()> {
    let tools = harness::target_directory()?.join("tools");
    let cargo_deny = tools::built_by_cargo(&tools, "cargo-deny", CARGO_DENY_VERSION)?;
    let mut check = Command::new(cargo_deny);
    check.args(["--locked", "check", "bans", "licenses", "sources"]);
    if !check.status().context("cannot start cargo-deny")?.success() {
        bail!("the dependencies are not as deny.toml wants them");
    }
    Ok(())
}
