//! Programs that operators have, and that tests run. The tests of the service cannot do without them.

use anyhow::{Context, Result};
use chats_testkit::postgres::find_pooler;

use crate::packages::{self, Manager};

/// It is for administrators on some systems.
const HAPROXY: [&str; 3] = ["haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"];

/// Installs those that are not there.
pub(crate) fn ensure_installed() -> Result<()> {
    let of_prometheus = |manager| match manager {
        Manager::Apt | Manager::Homebrew => "prometheus",
        Manager::Dnf => "golang-github-prometheus",
    };
    if !packages::exists("promtool") {
        install("promtool", of_prometheus)?;
    }
    if !HAPROXY.into_iter().any(packages::exists) {
        install("haproxy", |_| "haproxy")?;
    }
    if find_pooler().is_err() {
        install("pgbouncer", |_| "pgbouncer")?;
    }
    Ok(())
}

fn install(program: &str, package: impl Fn(Manager) -> &'static str) -> Result<()> {
    packages::install(program, package).with_context(|| {
        format!("the tests need {program}, which could not be installed: install it, and try again")
    })
}
