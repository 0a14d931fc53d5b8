//! A deployment to be broken: instances of the service, a database, and the event service, each as
//! processes that can be killed and started again.

mod addresses;
mod configuration;
mod database;
mod event_service;
mod process;
mod sql;

use std::path::{Path, PathBuf};
use std::{env, io};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) use addresses::Addresses;
pub(crate) use configuration::{OTHER_AUDIENCE, OUR_AUDIENCE, OUR_TUTOR, Pace, THEIR_TUTOR, token};
pub use database::DatabaseKind;
pub(crate) use database::{Database, Row};
pub use event_service::IdempotencyKeys;
pub(crate) use event_service::{EventService, Room};
pub(crate) use process::Process;
pub(crate) use sql::postgres::connect;

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// One of the instances of the service, counted from zero.
    Instance(usize),
    /// The database server.
    Database,
    /// The event service.
    EventService,
}

/// What a deployment consists of.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) pace: Pace,
    pub(crate) database: DatabaseKind,
    pub(crate) instances: usize,
    pub(crate) rooms: Rooms,
    pub(crate) idempotency_keys: IdempotencyKeys,
    /// More settings, in dotted keys, each on a line.
    pub(crate) settings: String,
}

/// Where rooms are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rooms {
    /// In an event service with a process of its own, in a file.
    OfAnotherProcess,
    /// In an event service with a process of its own, in memory.
    OfAnotherProcessInMemory,
    /// In the event service that is embedded in the instance.
    Embedded,
}

/// Processes that work together. All of them end when this is dropped.
pub(crate) struct Deployment {
    instances: Vec<Option<Process>>,
    event_process: Option<Process>,
    database: Database,
    event_service: EventService,
    addresses: Addresses,
    chats: PathBuf,
    layout: Layout,
    directory: TempDir,
}

impl Deployment {
    /// Starts instances of the program `chats`, and what they need: to be broken, so that all time-outs
    /// are short.
    pub(crate) async fn start(
        chats: &Path,
        database: DatabaseKind,
        instances: usize,
        idempotency_keys: IdempotencyKeys,
    ) -> Result<Self> {
        let layout = Layout {
            pace: Pace::Hurried,
            database,
            instances,
            rooms: Rooms::OfAnotherProcess,
            idempotency_keys,
            settings: String::new(),
        };
        Self::start_as(chats, layout).await
    }

    /// Starts instances of the program `chats`, and what they need.
    pub(crate) async fn start_as(chats: &Path, layout: Layout) -> Result<Self> {
        let directory = directory()?;
        let database = Database::start(layout.database, directory.path()).await?;
        Self::start_in(directory, chats, layout, database).await
    }

    /// The same on a database that is there.
    pub(crate) async fn start_on(chats: &Path, layout: Layout, database: Database) -> Result<Self> {
        Self::start_in(directory()?, chats, layout, database).await
    }

    async fn start_in(
        directory: TempDir,
        chats: &Path,
        layout: Layout,
        database: Database,
    ) -> Result<Self> {
        configuration::write_to(directory.path(), layout.pace, &layout.settings)?;
        let instances = layout.instances;
        let mut deployment = Self {
            instances: (0..instances).map(|_| None).collect(),
            event_process: None,
            database,
            event_service: EventService::at_a_free_port()?,
            addresses: Addresses::of(instances),
            chats: chats.canonicalize().context("there is no program to run")?,
            layout,
            directory,
        };
        if deployment.layout.rooms != Rooms::Embedded {
            deployment.start_again(Part::EventService).await?;
        }
        for instance in 0..instances {
            deployment.start_again(Part::Instance(instance)).await?;
        }
        Ok(deployment)
    }

    /// Kills a part with SIGKILL, if it runs.
    pub(crate) async fn kill(&mut self, part: Part) -> Result<()> {
        let process = match part {
            Part::Instance(instance) => {
                self.addresses.forget(instance);
                &mut self.instances[instance]
            }
            Part::EventService => &mut self.event_process,
            Part::Database => return self.database.kill().await.map(drop),
        };
        match process.take() {
            Some(process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Starts a part that does not run, and returns when it answers.
    pub(crate) async fn start_again(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Instance(instance) => {
                let mut process = Process::spawn(self.instance_command(), &self.log_of(part))?;
                let said = process.until_it_says("tenants").await?;
                self.addresses.set(instance, url_in(&said)?);
                self.instances[instance] = Some(process);
            }
            Part::EventService => {
                let mut process = Process::spawn(self.event_command(), &self.log_of(part))?;
                process.until_it_says("The event service is ready").await?;
                self.event_process = Some(process);
            }
            Part::Database => {
                self.database.replace().await?;
                self.database.restore().await?;
            }
        }
        Ok(())
    }

    /// Starts an instance that does not run, without waiting for it to answer: to kill it before.
    pub(crate) fn begin_to_start(&mut self, instance: usize) -> Result<()> {
        let log = self.log_of(Part::Instance(instance));
        self.instances[instance] = Some(Process::spawn(self.instance_command(), &log)?);
        Ok(())
    }

    /// Where the instances answer.
    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }

    pub(crate) fn event_service(&self) -> &EventService {
        &self.event_service
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The number of an instance's process, if it runs.
    pub(crate) fn process_of(&self, instance: usize) -> Option<u32> {
        self.instances[instance].as_ref()?.id()
    }

    /// The number of the event service's process, if it has one of its own and runs.
    pub(crate) fn event_process_id(&self) -> Option<u32> {
        self.event_process.as_ref()?.id()
    }

    /// The file of the embedded event service's rooms, if that is not in memory.
    pub(crate) fn event_file(&self) -> PathBuf {
        self.directory.path().join("data/event.sqlite")
    }

    /// Ends everything, and leaves nothing.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.kill_processes().await
    }

    /// Ends everything but keeps the files: logs, and an SQLite database. Returns where they are.
    async fn end_and_keep(mut self) -> Result<PathBuf> {
        self.kill_processes().await?;
        self.database.copy_log(&self.log_of(Part::Database))?;
        Ok(self.directory.keep())
    }

    /// Ends everything, and keeps the files if they are wanted. Returns where they are.
    pub(crate) async fn end_or_keep(self, is_wanted: bool) -> Result<Option<PathBuf>> {
        if is_wanted {
            return self.end_and_keep().await.map(Some);
        }
        self.end().await?;
        Ok(None)
    }

    async fn kill_processes(&mut self) -> Result<()> {
        for instance in 0..self.instances.len() {
            self.kill(Part::Instance(instance)).await?;
        }
        self.kill(Part::EventService).await
    }

    fn instance_command(&self) -> Command {
        let mut command = self.command();
        if self.layout.rooms == Rooms::Embedded {
            command.args(["--event-url", "embedded", "--event-listen", "127.0.0.1:0"]);
        } else {
            command.args(["--event-url", self.event_service.url()]);
        }
        command.args(["--database-url", &self.database.url()]).arg("serve");
        command
    }

    fn event_command(&self) -> Command {
        let mut command = self.command();
        command.args(["event", "--faults", "--event-listen", &self.event_service.address()]);
        if self.layout.rooms == Rooms::OfAnotherProcessInMemory {
            command.arg("--in-memory");
        }
        if !self.layout.idempotency_keys.are_honoured() {
            command.arg("--ignore-idempotency-keys");
        }
        command
    }

    /// The program in our directory, with no setting from the environment.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.chats);
        command.current_dir(self.directory.path());
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("CHATS_")) {
            command.env_remove(name);
        }
        command
    }

    fn log_of(&self, part: Part) -> PathBuf {
        let name = match part {
            Part::Instance(instance) => format!("instance-{}.log", instance + 1),
            Part::EventService => "event-service.log".to_owned(),
            Part::Database => "database.log".to_owned(),
        };
        self.directory.path().join(name)
    }
}

impl Part {
    /// What kind of part it is, for reports.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Instance(_) => "instance",
            Self::Database => "database",
            Self::EventService => "event service",
        }
    }
}

/// Where a deployment has its files.
fn directory() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("chats-harness-").tempdir()
}

/// Where a process says that it is ready.
fn url_in(said: &str) -> Result<String> {
    let url = said.split_once("is ready at ").and_then(|(_, rest)| rest.split_whitespace().next());
    url.map(str::to_owned).with_context(|| format!("no address in: {said}"))
}
