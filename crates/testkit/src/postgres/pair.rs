use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::cluster::{Cluster, ClusterError};

/// A primary, and a standby that follows it by streaming replication: a commit is acknowledged once both
/// have it. Gone when this is dropped or the process ends, however it ends.
///
/// This does what otherwise an operator does, or a program of theirs. Its functions block for some seconds.
#[derive(Debug)]
pub struct Pair {
    members: Mutex<Members>,
    ports: [u16; 2],
}

#[derive(Debug)]
struct Members {
    primary: Cluster,
    /// What is to be the standby, if it is down.
    standby: Cluster,
}

/// Changes little in how the servers work, and lets a standby come back sooner.
const SETTINGS: &str = "
    wal_keep_size = '256MB'
    wal_retrieve_retry_interval = '100ms'
";

impl Pair {
    /// Makes both servers and starts them.
    pub fn start() -> Result<Self, ClusterError> {
        let primary = Cluster::start_with(SETTINGS)?;
        let standby = Cluster::start_as_standby_of(&primary)?;
        let ports = [primary.port(), standby.port()];
        let members = Members { primary, standby };
        members.synchronize()?;
        Ok(Self { members: Mutex::new(members), ports })
    }

    /// The URL of the administrator, on whichever server takes writes.
    #[must_use]
    pub fn url(&self) -> String {
        let [one, other] = self.ports;
        format!(
            "postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}/postgres?target_session_attrs=read-write"
        )
    }

    /// The URL of the administrator, on the server that is the standby now.
    #[must_use]
    pub fn standby_url(&self) -> String {
        self.members().standby.url()
    }

    /// Has the standby show nothing of what is committed from now on. It takes it, so commits go on.
    pub fn pause_replay(&self) -> Result<(), ClusterError> {
        let members = self.members();
        members.standby.ask("SELECT pg_wal_replay_pause()")?;
        members.standby.until("SELECT pg_get_wal_replay_pause_state()", "paused")
    }

    /// Has the standby show all that is committed, and waits until it does.
    pub fn resume_replay(&self) -> Result<(), ClusterError> {
        let members = self.members();
        members.standby.ask("SELECT pg_wal_replay_resume()")?;
        let written = members.primary.ask("SELECT pg_current_wal_flush_lsn()")?;
        let shows_all = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        members.standby.until(&shows_all, "t")
    }

    /// Kills the primary and each of its processes with SIGKILL. Returns the moment from which no server takes
    /// writes.
    pub fn kill_primary(&self) -> Result<Instant, ClusterError> {
        self.members().primary.kill()
    }

    /// Kills the standby in the same way. What is committed from now on waits for it to come back.
    pub fn kill_standby(&self) -> Result<(), ClusterError> {
        self.members().standby.kill().map(drop)
    }

    /// Makes the standby the primary, once the primary was killed. It waits for no standby: there is none.
    pub fn promote_standby(&self) -> Result<(), ClusterError> {
        let mut members = self.members();
        members.standby.promote()?;
        let Members { primary, standby } = &mut *members;
        std::mem::swap(primary, standby);
        Ok(())
    }

    /// Starts the server that was killed as the standby of the other. When this returns, commits wait
    /// for it, and it has all those that did not.
    pub fn restore_standby(&self) -> Result<(), ClusterError> {
        let mut members = self.members();
        let Members { primary, standby } = &mut *members;
        standby.start_again_as_standby_of(primary)?;
        members.synchronize()
    }

    /// What the server logged that is the primary.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.members().primary.log()
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Has commits wait for the standby, and waits until it has all that there was before.
    fn synchronize(&self) -> Result<(), ClusterError> {
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.primary.ask("SELECT pg_reload_conf()")?;
        let in_sync = "SELECT count(*) FROM pg_stat_replication
            WHERE state = 'streaming' AND sync_state = 'sync'";
        self.primary.until(in_sync, "1")?;
        // Commits wait once the checkpointer knows the setting, which it reads before its next work.
        self.primary.ask("CHECKPOINT")?;
        let written = self.primary.ask("SELECT pg_current_wal_flush_lsn()")?;
        let has_all = format!("SELECT bool_and(flush_lsn >= '{written}') FROM pg_stat_replication");
        self.primary.until(&has_all, "t")
    }
}
