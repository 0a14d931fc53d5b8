use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::binaries::{Binaries, BinariesNotFound, find_binaries};
use super::processes;
use super::user::{NoUser, User, run_as, user_to_run_as};

/// A PostgreSQL cluster of our own, gone when this is dropped or the process ends, however it ends.
///
/// Its functions block for about a second.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    directory: PathBuf,
    port: u16,
    /// Settings of its own, in the form of `postgresql.conf`.
    settings: &'static str,
    /// The port of the server that it follows, or followed.
    follows: Option<u16>,
    supervisor: Child,
}

/// Why there is no cluster, or why it does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There are no server programs to start.
    #[error(transparent)]
    NoBinaries(#[from] BinariesNotFound),
    /// There is nobody to run it as.
    #[error("PostgreSQL: {0}")]
    NoUser(#[from] NoUser),
    /// The operating system refused something.
    #[error("the cluster's files or processes could not be set up")]
    Io(#[from] io::Error),
    /// A standby did not catch up with its primary.
    #[error("the standby is not in sync with its primary")]
    NotInSync,
    /// A program of PostgreSQL failed. What it said is here.
    #[error("{program} failed: {output}")]
    ProgramFailed {
        /// The program.
        program: &'static str,
        /// What it wrote.
        output: String,
    },
}

/// Waits for the end of its input, which is the end of the test process, then clears up.
const SUPERVISE: &str = r#"
    cat >/dev/null
    "$1" stop --silent --mode immediate --pgdata "$2/data"
    rm -rf "$2"
"#;

/// Another program may take a port between the moment it was found free and its use.
const PORTS_TO_TRY: u32 = 5;

/// The last lines of the log tell why the server does not start.
const LOG_LINES: usize = 20;

/// A process that gets a signal stops at once, unless it waits for a disk.
const LONGEST_STOP: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

const LONGEST_CATCHING_UP: Duration = Duration::from_mins(1);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);

impl Cluster {
    /// Makes a cluster and starts its server.
    pub fn start() -> Result<Self, ClusterError> {
        Self::start_with("")
    }

    /// Makes a cluster and starts its server with more settings.
    pub(super) fn start_with(settings: &'static str) -> Result<Self, ClusterError> {
        let mut cluster = Self::empty()?;
        cluster.programs.initdb(&cluster.directory)?;
        cluster.settings = settings;
        cluster.start_on_a_free_port(PORTS_TO_TRY)?;
        Ok(cluster)
    }

    /// Makes a cluster that follows another one, and starts its server.
    pub(super) fn start_as_standby_of(primary: &Self) -> Result<Self, ClusterError> {
        let mut cluster = Self::empty()?;
        cluster.copy(primary)?;
        cluster.start_on_a_free_port(PORTS_TO_TRY)?;
        Ok(cluster)
    }

    /// Starts the server again after it was killed, to follow another one that was started with the same
    /// settings. What it alone had is gone.
    pub(super) fn start_again_as_standby_of(&mut self, primary: &Self) -> Result<(), ClusterError> {
        fs::remove_dir_all(self.directory.join("data"))?;
        self.copy(primary)?;
        self.write_settings()?;
        self.start_again()
    }

    /// Has the server follow no other one any more. Returns when it takes writes.
    pub(super) fn promote(&self) -> Result<(), ClusterError> {
        let arguments = ["promote", "--silent", "--pgdata", "data"];
        self.programs.run("pg_ctl", arguments, &self.directory)?;
        Ok(())
    }

    /// Runs a statement, and returns what it gave.
    pub(super) fn ask(&self, statement: &str) -> Result<String, ClusterError> {
        let url = self.url();
        let arguments = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--command"];
        let arguments = arguments.into_iter().chain([statement, "--dbname", &url]);
        self.programs.run("psql", arguments, &self.directory)
    }

    /// Asks until this is the answer.
    pub(super) fn until(&self, question: &str, answer: &str) -> Result<(), ClusterError> {
        let start = Instant::now();
        while self.ask(question)? != answer {
            if start.elapsed() > LONGEST_CATCHING_UP {
                return Err(ClusterError::NotInSync);
            }
            thread::sleep(BETWEEN_QUESTIONS);
        }
        Ok(())
    }

    /// Where there is neither data nor a server yet.
    fn empty() -> Result<Self, ClusterError> {
        let programs = Programs { binaries: find_binaries()?, user: user_to_run_as()? };
        let directory = tempfile::Builder::new().prefix("chats-postgres-").tempdir()?;
        if let Some(User { uid, gid }) = programs.user {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let supervisor = programs.supervise(directory.path())?;
        let directory = directory.keep();
        Ok(Self { programs, directory, port: 0, settings: "", follows: None, supervisor })
    }

    /// Copies the data of a server that runs, to follow it.
    fn copy(&mut self, primary: &Self) -> Result<(), ClusterError> {
        let url = primary.url();
        let arguments =
            ["--pgdata=data", "--checkpoint=fast", "--no-sync", "--write-recovery-conf"];
        let arguments = arguments.into_iter().chain(["--dbname", &url]);
        self.programs.run("pg_basebackup", arguments, &self.directory)?;
        (self.settings, self.follows) = (primary.settings, Some(primary.port));
        Ok(())
    }

    fn write_settings(&self) -> io::Result<()> {
        let file = self.directory.join("data/postgresql.auto.conf");
        let follows = self.follows.map_or_else(String::new, |port| {
            format!("primary_conninfo = 'host=127.0.0.1 port={port} user=postgres'\n")
        });
        fs::write(file, [&settings(self.port), self.settings, &follows].concat())
    }

    /// Where it listens, on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the cluster's administrator.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The file that the server logs to. It goes with the cluster.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Stops the server as a crash would: connections are cut, nothing is written any more.
    pub fn stop(&self) -> Result<(), ClusterError> {
        let arguments = ["stop", "--silent", "--mode", "immediate", "--pgdata", "data"];
        self.programs.run("pg_ctl", arguments, &self.directory)?;
        Ok(())
    }

    /// Kills the server and each of its processes with SIGKILL: none gets to do anything any more. Returns the
    /// moment from which that is so.
    pub fn kill(&self) -> Result<Instant, ClusterError> {
        let pid_file = self.directory.join("data/postmaster.pid");
        let server = server_pid(&fs::read_to_string(&pid_file)?)?;
        // While it stands still, it starts no process that would be missed.
        processes::signal("STOP", &[server])?;
        until(|| processes::is_still(server))?;
        let all = processes::family(server)?;
        processes::signal("KILL", &all)?;
        let killed = Instant::now();
        // One that is still attached to the shared memory would stop the next start.
        until(|| Ok(!processes::any_is_alive(&all)?))?;
        // So would a number in this file that another process has by then.
        fs::remove_file(pid_file)?;
        Ok(killed)
    }

    /// Starts the server after it was stopped or killed. It has the same URL, and all that was committed.
    pub fn start_again(&self) -> Result<(), ClusterError> {
        let arguments = ["start", "--silent", "--pgdata", "data", "--log", "log"];
        let started = self.programs.run("pg_ctl", arguments, &self.directory);
        started.map(drop).map_err(|error| match error {
            ClusterError::ProgramFailed { program, output } => {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let output = format!("{output}\n{}", last_lines(&log));
                ClusterError::ProgramFailed { program, output }
            }
            error => error,
        })
    }

    /// Puts files beside the data and restarts the server with more settings, in the form of
    /// `postgresql.conf`. A file may take the place of another one, such as `pg_hba.conf`.
    pub fn reconfigure(&self, files: &[(&str, &str)], settings: &str) -> Result<(), ClusterError> {
        let data = self.directory.join("data");
        for (name, content) in files {
            let file = data.join(name);
            fs::write(&file, content)?;
            fs::set_permissions(&file, Permissions::from_mode(0o600))?;
            if let Some(User { uid, gid }) = self.programs.user {
                chown(&file, Some(uid), Some(gid))?;
            }
        }
        let mut more = OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
        more.write_all(settings.as_bytes())?;
        self.stop()?;
        self.start_again()
    }

    fn start_on_a_free_port(&mut self, tries: u32) -> Result<(), ClusterError> {
        self.port = free_port()?;
        self.write_settings()?;
        match self.start_again() {
            Err(_) if tries > 1 => self.start_on_a_free_port(tries - 1),
            result => result,
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Waits for processes to stop.
fn until(have_stopped: impl Fn() -> io::Result<bool>) -> io::Result<()> {
    let start = Instant::now();
    while !have_stopped()? {
        if start.elapsed() > LONGEST_STOP {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Ok(())
}

/// The number stands on the first line of the file.
fn server_pid(file: &str) -> io::Result<u32> {
    let number = file.lines().next().and_then(|line| line.trim().parse().ok());
    number.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "postmaster.pid has no number"))
}

/// What a log says in the end.
fn last_lines(log: &str) -> &str {
    let starts = log.rmatch_indices('\n').map(|(end, _)| end + 1);
    log.get(starts.take(LOG_LINES).last().unwrap_or(0)..).unwrap_or(log)
}

/// Commits are written before they are acknowledged, so that they outlive the server, if not the
/// machine.
fn settings(port: u16) -> String {
    format!(
        "port = {port}
        listen_addresses = '127.0.0.1'
        unix_socket_directories = ''
        max_connections = 200
        fsync = off
        full_page_writes = off
        "
    )
}

/// A free port on 127.0.0.1 for a server that is to come back at it: below those that the system gives to
/// outgoing connections and to tests that ask for any.
pub fn free_port() -> io::Result<u16> {
    let mut result = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..50 {
        let [low, high, ..] = Uuid::new_v4().into_bytes();
        let port = 15_000 + u16::from_le_bytes([low, high]) % 15_000;
        result = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|_| port);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The server's programs, and as whom they run.
#[derive(Debug)]
struct Programs {
    binaries: Binaries,
    user: Option<User>,
}

impl Programs {
    /// Starts the process that clears up. The test process holds the other end of its input.
    fn supervise(&self, directory: &Path) -> io::Result<Child> {
        let mut command = self.command("sh", Path::new("/"));
        command
            .args(["-c", SUPERVISE, "sh"])
            .args([&self.binaries.program("pg_ctl"), directory])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the keyboard goes to the whole group of the tests.
            .process_group(0)
            .spawn()
    }

    fn initdb(&self, directory: &Path) -> Result<(), ClusterError> {
        let arguments = [
            "--pgdata=data",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ];
        self.run("initdb", arguments, directory)?;
        Ok(())
    }

    /// Runs a program to its end, and returns what it wrote.
    fn run<'a>(
        &self,
        program: &'static str,
        arguments: impl IntoIterator<Item = &'a str>,
        directory: &Path,
    ) -> Result<String, ClusterError> {
        let output = self
            .command(self.binaries.program(program), directory)
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().into());
        }
        let written = [output.stdout, output.stderr].concat();
        Err(ClusterError::ProgramFailed {
            program,
            output: String::from_utf8_lossy(&written).trim().into(),
        })
    }

    fn command(&self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory);
        run_as(&mut command, self.user);
        command
    }
}
