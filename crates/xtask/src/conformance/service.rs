use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Who calls: an account of the audience that is open in development.
const ACCOUNT: &str = "tutor.demo.example.org";

/// The service as a newcomer has it, on free ports and with a folder of its own. It ends when this is dropped.
pub(super) struct Service {
    child: Child,
    // Kept, or the service could not go on talking.
    _stdout: BufReader<ChildStdout>,
    url: String,
    event_url: String,
    chats: std::path::PathBuf,
    directory: TempDir,
}

impl Service {
    /// Starts the program on this PostgreSQL database, or else on an SQLite file.
    pub(super) fn start(chats: &Path, database: Option<&str>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = command(chats, directory.path());
        command.args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"]);
        if let Some(url) = database {
            command.args(["--database-url", url]);
        }
        command.env("CHATS_ADMIN__LISTEN", "127.0.0.1:0");
        command.env("CHATS_LOG__FILTER", "error,actix_http=off").stdout(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("cannot run {}", chats.display()))?;
        let mut stdout = BufReader::new(child.stdout.take().context("the service has no output")?);
        let mut said = String::new();
        while !said.contains("Ctrl-C ends it") {
            if stdout.read_line(&mut said)? == 0 {
                bail!("the service ended before it was ready, having said: {said}");
            }
        }
        let url = word_after("is ready at ", &said)?;
        let event_url = word_after("embedded, ", &said)?;
        Ok(Self { child, _stdout: stdout, url, event_url, chats: chats.to_owned(), directory })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(super) fn event_url(&self) -> &str {
        &self.event_url
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A token that is good for longer than any run.
    pub(super) fn token(&self) -> Result<String> {
        let mut command = command(&self.chats, self.directory());
        let output =
            command.args(["token", "--account", ACCOUNT, "--expires-in", "86400"]).output()?;
        if !output.status.success() {
            bail!("the service gives no token: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program in this directory, with no setting from the environment.
fn command(chats: &Path, directory: &Path) -> Command {
    let mut command = Command::new(chats);
    command.current_dir(directory);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHATS_")) {
        command.env_remove(name);
    }
    command
}

fn word_after(words: &str, said: &str) -> Result<String> {
    let word = said.split_once(words).and_then(|(_, rest)| rest.split_whitespace().next());
    word.map(str::to_owned).with_context(|| format!("no {words:?} in: {said}"))
}
