use anyhow::{Context, Result};
use chats_testkit::postgres::{Cluster, URL_VARIABLE, find_binaries};

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
