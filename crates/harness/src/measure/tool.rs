use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// Runs a program to its end, and returns what it writes.
pub(crate) async fn output(program: &Path, words: &[impl AsRef<OsStr>]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await;
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {written}{errors}", program.display());
    }
    Ok(written)
}
