//! Packages of the operating system, installed by whatever this machine has.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program that installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Apt,
    Dnf,
    Homebrew,
}

impl Manager {
    const ALL: [Self; 3] = [Self::Apt, Self::Dnf, Self::Homebrew];

    fn installation(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &["apt-get", "install", "--yes", "--no-install-recommends"],
            Self::Dnf => &["dnf", "install", "--assumeyes"],
            Self::Homebrew => &["brew", "install"],
        }
    }

    fn program(self) -> &'static str {
        self.installation()[0]
    }
}

/// Installs what `what` is about: the package has another name with each manager.
pub(crate) fn install(what: &str, name: impl Fn(Manager) -> &'static str) -> Result<()> {
    let Some(manager) = Manager::ALL.into_iter().find(|it| exists(it.program())) else {
        bail!("{what} is missing, and there is no package manager known here to install it");
    };
    if manager == Manager::Apt {
        // An old list names packages that are gone.
        run(manager, &["apt-get", "update"])?;
    }
    run(manager, &[manager.installation(), &[name(manager)]].concat())
        .with_context(|| format!("{what} is missing"))
}

/// Whether there is such a program.
pub(crate) fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn run(manager: Manager, words: &[&str]) -> Result<()> {
    // Homebrew refuses to run as root, the others run as nothing else.
    let as_root = if manager == Manager::Homebrew || is_root() { &[][..] } else { &["sudo"][..] };
    let words = [as_root, words].concat();
    let status = Command::new(words[0])
        .args(&words[1..])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .with_context(|| format!("cannot run {}", words[0]))?;
    if !status.success() {
        bail!("'{}' failed", words.join(" "));
    }
    Ok(())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
