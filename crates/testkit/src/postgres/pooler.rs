use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use super::cluster::free_port;
use super::user::{NoUser, User, run_as, user_to_run_as};

/// A PgBouncer of our own in front of a database, which gives each transaction another connection. Gone when
/// this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Pooler {
    server: Url,
    connections: u32,
    port: u16,
    supervisor: Option<Child>,
}

/// Why there is no pooler.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// There is no program to start.
    #[error("there is no pgbouncer in PATH, nor where packages put it")]
    NotFound,
    /// There is nobody to run it as.
    #[error("PgBouncer: {0}")]
    NoUser(#[from] NoUser),
    /// The URL of the database is none.
    #[error("the URL of the database is malformed")]
    MalformedUrl(#[from] url::ParseError),
    /// The operating system refused something.
    #[error("PgBouncer's files or its process could not be set up")]
    Io(#[from] io::Error),
    /// It does not listen. What it said is here.
    #[error("PgBouncer does not start: {0}")]
    NotStarted(String),
}

/// It is for administrators on some systems.
const PROGRAMS: [&str; 3] = ["pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer"];

/// Waits for the end of its input, then stops the pooler at once and clears up.
const SUPERVISE: &str = r#"
    "$1" "$2/pgbouncer.ini" >"$2/log" 2>&1 &
    cat >/dev/null
    kill $!
    wait $!
    rm -rf "$2"
"#;

/// Another program may take a port between the moment it was found free and its use.
const PORTS_TO_TRY: u32 = 5;
const LONGEST_START: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Finds PgBouncer: in `PATH`, else where packages put it.
pub fn find_pooler() -> Result<&'static str, PoolerError> {
    let runs = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    PROGRAMS.into_iter().find(runs).ok_or(PoolerError::NotFound)
}

impl Pooler {
    /// Starts one that has so many connections to the database of a URL for all who come to it.
    pub fn start(database: &str, connections: u32) -> Result<Self, PoolerError> {
        let server = Url::parse(database)?;
        let mut pooler = Self { server, connections, port: 0, supervisor: None };
        let mut tries = 1..=PORTS_TO_TRY;
        loop {
            pooler.port = free_port()?;
            match pooler.start_again() {
                Err(PoolerError::NotStarted(_)) if tries.next().is_some() => {}
                started => return started.map(|()| pooler),
            }
        }
    }

    /// The URL of the database, by way of the pooler.
    #[must_use]
    pub fn url(&self) -> String {
        let user = self.server.username();
        format!("postgres://{user}@127.0.0.1:{}{}", self.port, self.server.path())
    }

    /// Stops it: whatever goes on, its connections are cut.
    pub fn stop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        }
    }

    /// Starts it after it was stopped. It has the same URL.
    pub fn start_again(&mut self) -> Result<(), PoolerError> {
        let program = find_pooler()?;
        let user = user_to_run_as()?;
        let directory = tempfile::Builder::new().prefix("chats-pooler-").tempdir()?;
        let settings = directory.path().join("pgbouncer.ini");
        fs::write(&settings, self.settings())?;
        if let Some(User { uid, gid }) = user {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISE, "sh", program])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the keyboard goes to the whole group of the tests.
            .process_group(0);
        run_as(&mut command, user);
        self.supervisor = Some(command.spawn()?);
        let directory = directory.keep();

        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if start.elapsed() > LONGEST_START {
                let said = fs::read_to_string(directory.join("log")).unwrap_or_default();
                self.stop();
                return Err(PoolerError::NotStarted(said));
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }

    fn settings(&self) -> String {
        let host = self.server.host_str().unwrap_or("127.0.0.1");
        let (port, user) = (self.server.port().unwrap_or(5432), self.server.username());
        let password =
            self.server.password().map_or_else(String::new, |it| format!("password={it}"));
        let (listen, connections) = (self.port, self.connections);
        format!(
            "[databases]
             * = host={host} port={port} user={user} {password}
             [pgbouncer]
             listen_addr = 127.0.0.1
             listen_port = {listen}
             unix_socket_dir =
             auth_type = any
             pool_mode = transaction
             default_pool_size = {connections}
             max_client_conn = 500
             server_login_retry = 1
             "
        )
        .replace("\n             ", "\n")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.stop();
    }
}
