//! Files that hold private keys and secrets. Their mode is all that protects them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chats_access::Algorithm;

use crate::config::Config;
use crate::development;
use crate::warning::Warning;

/// The bits of a mode that are not the owner's.
const OF_OTHERS: u32 = 0o077;

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
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o7777;
    let says =
        || format!("{} is open to others than its owner, by its mode {mode:04o}", file.display());
    (mode & OF_OTHERS != 0).then(|| Warning::new(setting, says()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_file_is_open_if_anybody_but_its_owner_may_do_anything_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        fs::write(&file, "secret").unwrap();
        for (mode, is_open) in [
            (0o600, false),
            (0o400, false),
            (0o700, false),
            (0o640, true),
            (0o604, true),
            (0o620, true),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let warning = warning("k".to_owned(), &file);
            assert_eq!(warning.is_some(), is_open, "{mode:o}");
        }
        assert_eq!(warning("k".to_owned(), &directory.path().join("none")), None);
    }
}
