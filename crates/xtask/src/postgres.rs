use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use chats_testkit::postgres::{Cluster, URL_VARIABLE, find_binaries};

/// How the programs of a PostgreSQL server are installed, by whatever this machine has.
const INSTALLATIONS: [&[&str]; 3] = [
    &["apt-get", "install", "--yes", "--no-install-recommends", "postgresql"],
    &["dnf", "install", "--assumeyes", "postgresql-server"],
    &["brew", "install", "postgresql"],
];

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
    let Some(installation) = INSTALLATIONS.iter().find(|command| exists(command[0])) else {
        bail!(
            "the tests need the programs of a PostgreSQL server, and there is no package manager \
             known here to install them. Install them, or name a running server in {URL_VARIABLE}"
        );
    };
    if installation[0] == "apt-get" {
        // An old list names packages that are gone.
        install(&["apt-get", "update"])?;
    }
    install(installation)?;
    find_binaries().map(drop).context("PostgreSQL was installed, but cannot be found")
}

fn install(command: &[&str]) -> Result<()> {
    // Homebrew refuses to run as root, the others run as nothing else.
    let as_root = if command[0] == "brew" || is_root() { &[][..] } else { &["sudo"][..] };
    let words = [as_root, command].concat();
    let status = Command::new(words[0])
        .args(&words[1..])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .with_context(|| format!("cannot run {}", words[0]))?;
    if !status.success() {
        bail!(
            "'{}' failed. Install the programs of a PostgreSQL server, or name a running server in \
             {URL_VARIABLE}",
            words.join(" ")
        );
    }
    Ok(())
}

fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
