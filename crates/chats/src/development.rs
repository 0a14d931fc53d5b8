//! What makes a fresh clone usable: an issuer whose key the data directory holds, and one audience that
//! is open to its accounts. It exists only where nothing else is configured, on a loopback address.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chats_access::{Algorithm, Secret, SigningKey};
use tempfile::NamedTempFile;

/// The audience that is open to every account of the development issuer.
pub(crate) const AUDIENCE: &str = "demo.example.org";

/// The name of the development issuer.
pub(crate) const ISSUER: &str = "development";

/// The development key of a data directory, which is made on first use.
pub(crate) fn key(data_dir: &Path) -> Result<Vec<u8>> {
    let file = key_file(data_dir);
    if !file.exists() {
        make_data_dir(data_dir)?;
        make_key(data_dir, &file).with_context(|| format!("cannot make {}", file.display()))?;
    }
    let key = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    SigningKey::parse(Algorithm::Hs256, &key).with_context(|| {
        format!("{} cannot be used (remove it, and a new one is made)", file.display())
    })?;
    Ok(key)
}

/// Where the development key of a data directory is, or would be.
pub(crate) fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("development.key")
}

/// Makes the key under another name and then puts it in its place: it is whole from the first moment
/// on, and of two processes that start at once one makes it for both.
fn make_key(data_dir: &Path, file: &Path) -> Result<()> {
    let secret = Secret::generate().context("the system gives no random bytes")?;
    // Temporary files have the mode 0600.
    let mut draft = NamedTempFile::new_in(data_dir)?;
    writeln!(draft, "{}", secret.as_str())?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(file) {
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        persisted => Ok(persisted.map(drop)?),
    }
}

/// Makes the data directory, if it is not there.
pub(crate) fn make_data_dir(data_dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.with_context(|| format!("cannot make {}", data_dir.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let data_dir = tempfile::tempdir().unwrap();
        let made = key(&data_dir.path().join("data")).unwrap();
        assert_eq!(key(&data_dir.path().join("data")).unwrap(), made);

        let file = data_dir.path().join("data/development.key");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let files = fs::read_dir(data_dir.path().join("data")).unwrap();
        assert_eq!(files.count(), 1, "no draft is left");
    }

    #[test]
    fn two_that_start_at_once_get_the_same_key() {
        let data_dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| key(data_dir.path()))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let keys: Vec<_> = keys.into_iter().map(Result::unwrap).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
