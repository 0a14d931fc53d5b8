//! The configuration: defaults, then a file, then the environment, then flags.

mod error;
mod load;
mod parsed;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use chats_access::Algorithm;
use chats_domain::values::{Account, Audience};
use figment::value::magic::RelativePathBuf;
use serde::Deserialize;

pub(crate) use error::ConfigError;
pub(crate) use load::{Flags, Loaded, load};
use parsed::Parsed;

/// All settings; `docs/configuration.md` describes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    data_dir: RelativePathBuf,
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) event: Event,
    pub(crate) recovery: Recovery,
    pub(crate) log: Log,
    pub(crate) identity: Option<Identity>,
    #[serde(default)]
    pub(crate) issuers: BTreeMap<String, Issuer>,
    #[serde(default)]
    pub(crate) audiences: BTreeMap<Parsed<Audience>, AudiencePolicy>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    #[serde(with = "humantime_serde")]
    pub(crate) deadline: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Option<String>,
    pub(crate) migrate: bool,
    pub(crate) max_connections: NonZeroU16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) url: String,
    pub(crate) listen: SocketAddr,
    #[serde(with = "humantime_serde")]
    pub(crate) connect_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) timeout: Duration,
    pub(crate) room_kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recovery {
    #[serde(with = "humantime_serde")]
    pub(crate) lease: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) interval: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) backoff_max: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) filter: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) account: Parsed<Account>,
    pub(crate) issuer: String,
    pub(crate) algorithm: Algorithm,
    key: RelativePathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    pub(crate) audiences: Vec<Parsed<Audience>>,
    pub(crate) algorithm: Algorithm,
    key: RelativePathBuf,
    #[serde(default = "yes")]
    pub(crate) require_exp: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudiencePolicy {
    pub(crate) policy: PolicyName,
    pub(crate) trusted: Option<Vec<Parsed<Account>>>,
    pub(crate) records: Option<Vec<Record>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PolicyName {
    None,
    Local,
    LocalWhitelist,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) account: Parsed<Account>,
    pub(crate) object: Vec<String>,
    pub(crate) action: String,
}

impl Config {
    /// Where the embedded databases and the development key are.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.relative()
    }
}

impl Identity {
    pub(crate) fn key_file(&self) -> PathBuf {
        self.key.relative()
    }
}

impl Issuer {
    pub(crate) fn key_file(&self) -> PathBuf {
        self.key.relative()
    }
}

impl fmt::Debug for Database {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("migrate", &self.migrate)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}
