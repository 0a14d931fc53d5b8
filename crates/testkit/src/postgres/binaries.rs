use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of a PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
}

/// There are no PostgreSQL server programs where they usually are.
#[derive(Debug, thiserror::Error)]
#[error(
    "no PostgreSQL server programs (initdb, postgres, psql and others) were found in PATH or where packages put them"
)]
pub struct BinariesNotFound;

/// Finds the programs of a PostgreSQL server: in `PATH`, else the newest where packages put them.
pub fn find_binaries() -> Result<Binaries, BinariesNotFound> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(by_version("/usr/lib/postgresql", "")) // Debian
        .chain(by_version("/usr", "pgsql-")) // Red Hat
        .chain(by_pg_config())
        .chain(by_version("/opt/homebrew/opt", "postgresql@"))
        .chain(by_version("/usr/local/opt", "postgresql@"))
        .map(|directory| Binaries { directory })
        .find(Binaries::are_complete)
        .ok_or(BinariesNotFound)
}

impl Binaries {
    /// Where the programs are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn are_complete(&self) -> bool {
        ["initdb", "pg_basebackup", "pg_ctl", "postgres", "psql"]
            .iter()
            .all(|name| self.program(name).is_file())
    }
}

/// The `bin` of each folder in `parent` whose name is `prefix` and a version, the newest first.
fn by_version(parent: &str, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let folders = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<_> = folders
        .filter_map(|folder| {
            let name = folder.file_name();
            let version: u32 = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, folder.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, bin)| bin)
}

fn by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(directory.trim()))
}
