use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

/// The binary, in a directory, with no setting from the environment of the tests. Operators ask at a free port.
pub(crate) fn chats(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chats"));
    command.current_dir(directory);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHATS_")) {
        command.env_remove(name);
    }
    command.env("CHATS_ADMIN__LISTEN", "127.0.0.1:0");
    command
}

/// The same command, under what `ulimit` makes of these arguments.
pub(crate) fn under_limit(arguments: &str, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit {arguments} && exec \"$0\" \"$@\""));
    limited.arg(command.get_program()).args(command.get_args());
    limited.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Writes a file that is for its owner alone.
pub(crate) fn write_secret(file: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    fs::write(&file, content).unwrap();
    fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

/// A running process, killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process and reads its output up to a line that starts with `ready`. Returns all of it.
    pub(crate) fn start(command: &mut Command, ready: &str) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.lines().any(|line| line.trim_start().starts_with(ready)) {
            let read = stdout.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "the process ended before it was ready, having said: {said}");
        }
        (Self { child, stdout }, said)
    }

    /// Sends a signal, such as `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Returns when the process has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks the process to end, as an operator does, and returns what it said since it was ready.
    pub(crate) fn terminate(mut self) -> Output {
        self.signal("-TERM");
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).unwrap();
        Output { status: self.child.wait().unwrap(), stdout, stderr: Vec::new() }
    }
}

/// What a command says on standard error that must not become ready.
#[track_caller]
pub(crate) fn refusal(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first_line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    if !first_line.is_empty() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(first_line, "", "it was not refused: {command:?}");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
