use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow};
use chats_testkit::jwks::IssuerKey;
use serde::Serialize;
use tempfile::TempDir;

/// The issuer whose tokens are signed with ES256.
const ISSUER: &str = "es256.example.org";

/// The year 2100.
const EXP: i64 = 4_102_444_800;

/// An issuer that signs with ES256, and the file of its public key.
pub(super) struct Es256Issuer {
    key: IssuerKey,
    directory: TempDir,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    exp: i64,
    jti: usize,
}

impl Es256Issuer {
    pub(super) fn new() -> Result<Self> {
        let issuer = Self { key: IssuerKey::generate(None)?, directory: tempfile::tempdir()? };
        fs::write(issuer.key_file(), issuer.key.public_pem())?;
        Ok(issuer)
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.directory.path().join("es256.pem")
    }

    /// What the service is told of it.
    pub(super) fn settings(&self) -> String {
        settings(&self.key_file())
    }

    /// Tokens of our tutor, each another one.
    pub(super) fn tokens(&self, count: usize) -> Result<Vec<String>> {
        let token = |jti| {
            let claims =
                Claims { iss: ISSUER, aud: "school.example.org", sub: "tutor-7", exp: EXP, jti };
            Ok(self.key.sign(&claims)?)
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(threads);
        thread::scope(|scope| {
            let shares: Vec<_> = (0..threads)
                .map(|thread| thread * share..count.min((thread + 1) * share))
                .map(|range| scope.spawn(|| range.map(token).collect::<Result<Vec<_>>>()))
                .collect();
            let mut tokens = Vec::with_capacity(count);
            for share in shares {
                tokens.extend(share.join().map_err(|_| anyhow!("signing panicked"))??);
            }
            Ok(tokens)
        })
    }
}

fn settings(key_file: &Path) -> String {
    format!(
        "issuers.\"{ISSUER}\".audiences = [\"school.example.org\"]\n\
         issuers.\"{ISSUER}\".algorithm = \"ES256\"\n\
         issuers.\"{ISSUER}\".key = \"{}\"\n",
        key_file.display()
    )
}
