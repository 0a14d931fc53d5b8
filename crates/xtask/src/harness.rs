use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::postgres;

/// Builds the service and the harness as they are released, and has the harness do one of its tasks.
pub(crate) fn run(task: &str, args: &[String]) -> Result<()> {
    postgres::ensure_installed()?;
    cargo(&["build", "--release", "--package", "chats", "--package", "chats-harness"], &[])?;
    let metadata = MetadataCommand::new().no_deps().exec().context("cannot ask cargo")?;
    let binary = metadata.target_directory.join("release").join("chats");
    let harness = ["run", "--quiet", "--release", "--package", "chats-harness", "--"];
    cargo(&[&harness[..], &[task, "--chats", binary.as_str()]].concat(), args)
}

fn cargo(words: &[&str], args: &[String]) -> Result<()> {
    let status = Command::new(env!("CARGO")).args(words).args(args).status();
    if !status.context("cannot start cargo")?.success() {
        bail!("'cargo {}' failed", words[0]);
    }
    Ok(())
}
