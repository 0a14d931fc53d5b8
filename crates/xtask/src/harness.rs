use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::{postgres, tools};

/// Builds the service and the harness as they are released, and has the harness do one of its tasks.
pub(crate) fn run(task: &str, args: &[String]) -> Result<()> {
    postgres::ensure_installed()?;
    run_with(&target_directory()?, task, &[], args)
}

/// Has the harness measure under the load of tools that are found or installed.
pub(crate) fn run_with_tools(task: &str, args: &[String]) -> Result<()> {
    let target = target_directory()?;
    let [wrk, oha] = tools::ensure_installed(&target)?.map(|it| it.to_string_lossy().into_owned());
    run_with(&target, task, &["--wrk", &wrk, "--oha", &oha], args)
}

/// The same, and beside it measure what PostgreSQL does without the service.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    let pgbench = tools::pgbench()?.to_string_lossy().into_owned();
    run_with_tools("bench", &[&["--pgbench".to_owned(), pgbench], args].concat())
}

fn run_with(target: &Path, task: &str, more: &[&str], args: &[String]) -> Result<()> {
    // Each for itself: built together, the service would get features that the harness alone asks for.
    for package in ["chats", "chats-harness"] {
        run_to_end(Command::new(env!("CARGO")).args(["build", "--release", "--package", package]))?;
    }
    let [chats, harness] = ["chats", "chats-harness"].map(|it| target.join("release").join(it));
    run_to_end(Command::new(harness).args([task, "--chats"]).arg(chats).args(more).args(args))
}

/// Where cargo builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cannot ask cargo")?;
    Ok(metadata.target_directory.into())
}

fn run_to_end(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    if !command.status().with_context(|| format!("cannot start {program}"))?.success() {
        bail!("{program} failed");
    }
    Ok(())
}
