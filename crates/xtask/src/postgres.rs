use anyhow::{Context, Result};
use chats_testkit::postgres::{Cluster, URL_VARIABLE, database_on, find_binaries};
use tokio::runtime;

use crate::packages::{self, Manager};

/// Starts a throw-away cluster, and installs PostgreSQL for it where there is none.
pub(crate) fn start() -> Result<Cluster> {
    ensure_installed()?;
    Ok(Cluster::start()?)
}

/// Installs PostgreSQL where there is none.
pub(crate) fn ensure_installed() -> Result<()> {
    if find_binaries().is_ok() {
        return Ok(());
    }
    let package = |manager| match manager {
        Manager::Dnf => "postgresql-server",
        Manager::Apt | Manager::Homebrew => "postgresql",
    };
    packages::install("PostgreSQL", package).with_context(|| {
        format!(
            "the tests need the programs of a PostgreSQL server: install them, or name a running \
             server in {URL_VARIABLE}"
        )
    })?;
    find_binaries().map(drop).context("PostgreSQL was installed, but cannot be found")
}

/// Creates an empty database on the server of this administrator's URL, and returns its URL.
pub(crate) fn create_database(server: &str) -> Result<String> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(database_on(server))?)
}
