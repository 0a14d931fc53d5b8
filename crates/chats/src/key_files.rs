//! Files that hold private keys and secrets. Their mode is all that protects them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chats_access::Algorithm;

use crate::config::Config;
use crate::development;
use crate::warning::Warning;

/// The bits of a mode that are not the owner's.
const OF_OTHERS: u32 = 0o077;

/// That the group of the file may read it.
const READ_BY_GROUP: u32 = 0o040;

const ROOT: u32 = 0;

/// Those that others than their owner may read or write. A file that is not there is told of elsewhere.
pub(crate) fn find_open(config: &Config) -> Vec<Warning> {
    let files = all(config).into_iter();
    files.filter_map(|(setting, file)| warning(setting, &file)).collect()
}

/// The files, each with the setting that names it.
fn all(config: &Config) -> Vec<(String, PathBuf)> {
    let mut files = vec![("development.key".to_owned(), development::key_file(&config.data_dir()))];
    if let Some(identity) = &config.identity {
        files.push(("identity.key".to_owned(), identity.key_file()));
    }
    if let Some(tls) = &config.http.tls {
        files.push(("http.tls.key".to_owned(), tls.key_file()));
    }
    // The keys of other algorithms are public.
    let secret = config.issuers.iter().filter(|(_, it)| it.algorithm == Algorithm::Hs256);
    for (name, issuer) in secret {
        let key = issuer.key_file().map(|file| (format!("issuers.{name}.key"), file));
        let jwks = issuer.jwks.as_ref();
        let jwks = jwks.map(|file| (format!("issuers.{name}.jwks"), file.relative()));
        files.extend(key.into_iter().chain(jwks));
    }
    files
}

fn warning(setting: String, file: &Path) -> Option<Warning> {
    let metadata = fs::metadata(file).ok()?;
    let mode = metadata.mode() & 0o7777;
    let says =
        || format!("{} is open to others than its owner, by its mode {mode:04o}", file.display());
    is_open(mode, metadata.uid()).then(|| Warning::new(setting, says()))
}

/// Whether more can be done to a file than has to be. A file of root's is read by its group, or else by root alone:
/// so PostgreSQL judges keys, and so Kubernetes mounts Secrets.
fn is_open(mode: u32, owner: u32) -> bool {
    let needed = if owner == ROOT { READ_BY_GROUP } else { 0 };
    mode & OF_OTHERS & !needed != 0
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_open_if_anybody_but_its_owner_may_do_anything_to_it() {
        for mode in [0o600, 0o400, 0o700] {
            assert!(!is_open(mode, 1000), "{mode:o}");
        }
        for mode in [0o640, 0o440, 0o604, 0o620, 0o610] {
            assert!(is_open(mode, 1000), "{mode:o}");
        }
    }

    #[test]
    fn the_group_may_read_a_file_of_roots_and_no_more() {
        for mode in [0o600, 0o640, 0o440] {
            assert!(!is_open(mode, ROOT), "{mode:o}");
        }
        for mode in [0o660, 0o650, 0o604, 0o644, 0o666] {
            assert!(is_open(mode, ROOT), "{mode:o}");
        }
    }

    #[test]
    fn a_file_is_judged_as_it_is_if_it_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let warning = |file: &Path| warning("k".to_owned(), file);
        assert_eq!(warning(&file), None);
        fs::write(&file, "secret").unwrap();
        for (mode, is_open) in [(0o600, false), (0o604, true)] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert_eq!(warning(&file).is_some(), is_open, "{mode:o}");
        }
    }
}
