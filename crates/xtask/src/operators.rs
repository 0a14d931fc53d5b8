//! Programs that operators have, and that tests run.

use anyhow::Result;

use crate::packages::{self, Manager};

/// Installs those that are not there.
pub(crate) fn ensure_installed() -> Result<()> {
    if !packages::exists("promtool") {
        packages::install("promtool", |manager| match manager {
            Manager::Apt | Manager::Homebrew => "prometheus",
            Manager::Dnf => "golang-github-prometheus",
        })?;
    }
    // It is for administrators on some systems.
    if !["haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"]
        .into_iter()
        .any(packages::exists)
    {
        packages::install("haproxy", |_| "haproxy")?;
    }
    Ok(())
}
