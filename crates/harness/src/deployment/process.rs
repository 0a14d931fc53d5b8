use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A start that takes longer than this has failed.
const LONGEST_START: Duration = Duration::from_mins(1);

/// A running process, killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process. What it logs is added to a file.
    pub(crate) fn spawn(mut command: Command, log: &Path) -> Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("a process cannot be started")?;
        let stdout = child.stdout.take().context("a process has no output")?;
        Ok(Self { child, stdout: BufReader::new(stdout) })
    }

    /// Returns all that the process says, up to a line that begins with these words.
    pub(crate) async fn until_it_says(&mut self, words: &str) -> Result<String> {
        let mut said = String::new();
        let until_said = async {
            while !said.lines().any(|line| line.trim_start().starts_with(words)) {
                if self.stdout.read_line(&mut said).await? == 0 {
                    bail!("a process ended before it was ready, having said: {said}");
                }
            }
            Ok(())
        };
        timeout(LONGEST_START, until_said).await.context("a process did not become ready")??;
        Ok(said)
    }

    /// The process's number, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends the process with SIGKILL.
    pub(super) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
