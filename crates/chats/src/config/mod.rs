//! The configuration: defaults, then a file, then the environment, then flags.

mod address;
mod aside;
mod bytes;
mod error;
mod load;
mod parsed;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use chats_access::Algorithm;
use chats_domain::values::{Account, Audience};
use chats_http::Origin;
use figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Deserializer};
use url::Url;

pub(crate) use aside::Survey;
pub(crate) use error::ConfigError;
pub(crate) use load::{Flags, Loaded, load};
pub(crate) use parsed::Parsed;

/// All settings; `docs/configuration.md` describes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    data_dir: RelativePathBuf,
    pub(crate) http: Http,
    #[serde(default)]
    pub(crate) limits: Limits,
    pub(crate) admin: Admin,
    pub(crate) shutdown: Shutdown,
    pub(crate) database: Database,
    pub(crate) cache: Cache,
    pub(crate) event: Event,
    pub(crate) recovery: Recovery,
    pub(crate) log: Log,
    pub(crate) traces: Traces,
    pub(crate) identity: Option<Identity>,
    #[serde(default)]
    pub(crate) issuers: BTreeMap<String, Issuer>,
    #[serde(default)]
    pub(crate) audiences: BTreeMap<Parsed<Audience>, AudiencePolicy>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    #[serde(deserialize_with = "address::deserialize")]
    pub(crate) listen: SocketAddr,
    #[serde(with = "humantime_serde")]
    pub(crate) deadline: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) keep_alive: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) client_timeout: Duration,
    pub(crate) max_connections: NonZeroU32,
    pub(crate) cors_origins: Vec<Parsed<Origin>>,
    pub(crate) docs: bool,
    pub(crate) tls: Option<HttpTls>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpTls {
    certificate: RelativePathBuf,
    key: RelativePathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    #[serde(deserialize_with = "address::deserialize")]
    pub(crate) listen: SocketAddr,
}

/// How the process ends.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shutdown {
    /// How long it goes on although it is not ready any more.
    #[serde(with = "humantime_serde")]
    pub(crate) delay: Duration,
    /// How long what is under way then may take.
    #[serde(with = "humantime_serde")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) account: Option<Quota>,
    pub(crate) audience: Option<Quota>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    pub(crate) requests: NonZeroU32,
    #[serde(with = "humantime_serde")]
    pub(crate) per: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Option<String>,
    pub(crate) replica_url: Option<String>,
    pub(crate) migrate: bool,
    pub(crate) max_connections: NonZeroU16,
    pub(crate) prepared_statements: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cache {
    /// How many bytes of chats are kept in memory; `None` if none are.
    #[serde(deserialize_with = "bytes::deserialize")]
    pub(crate) chats: Option<NonZeroU64>,
    /// How many tokens are remembered; `None` if none are.
    #[serde(deserialize_with = "none_if_zero")]
    pub(crate) tokens: Option<NonZeroU32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) url: String,
    ca: Option<RelativePathBuf>,
    #[serde(deserialize_with = "address::deserialize")]
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
    pub(crate) format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Traces {
    /// Where a collector takes traces; without it, none are sent.
    pub(crate) endpoint: Option<Parsed<Url>>,
    pub(crate) sample_ratio: f64,
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
    key: Option<RelativePathBuf>,
    /// A file, or a URL, which is no path but is as good as one until somebody looks.
    pub(crate) jwks: Option<RelativePathBuf>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) jwks_refresh: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) jwks_max_age: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) jwks_cooldown: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) jwks_timeout: Option<Duration>,
    jwks_ca: Option<RelativePathBuf>,
    #[serde(default = "yes")]
    pub(crate) require_exp: bool,
    #[serde(default, with = "humantime_serde")]
    pub(crate) leeway: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudiencePolicy {
    pub(crate) policy: PolicyName,
    pub(crate) trusted: Option<Vec<Parsed<Account>>>,
    pub(crate) records: Option<Vec<Record>>,
    pub(crate) uri: Option<Parsed<Url>>,
    ca: Option<RelativePathBuf>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u8>,
    pub(crate) concurrency: Option<NonZeroU16>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) cache_yes: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    pub(crate) cache_no: Option<Duration>,
    pub(crate) cache_size: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PolicyName {
    None,
    Local,
    LocalWhitelist,
    Http,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) account: Parsed<Account>,
    pub(crate) object: Vec<String>,
    pub(crate) action: String,
}

impl PolicyName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Local => "local",
            Self::LocalWhitelist => "localwhitelist",
            Self::Http => "http",
        }
    }
}

impl Config {
    /// Where the embedded databases and the development key are.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.relative()
    }
}

impl HttpTls {
    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.certificate.relative()
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.key.relative()
    }
}

impl Event {
    pub(crate) fn ca_file(&self) -> Option<PathBuf> {
        self.ca.as_ref().map(RelativePathBuf::relative)
    }
}

impl Identity {
    pub(crate) fn key_file(&self) -> PathBuf {
        self.key.relative()
    }
}

impl Issuer {
    pub(crate) fn key_file(&self) -> Option<PathBuf> {
        self.key.as_ref().map(RelativePathBuf::relative)
    }

    pub(crate) fn jwks_ca_file(&self) -> Option<PathBuf> {
        self.jwks_ca.as_ref().map(RelativePathBuf::relative)
    }
}

impl AudiencePolicy {
    pub(crate) fn ca_file(&self) -> Option<PathBuf> {
        self.ca.as_ref().map(RelativePathBuf::relative)
    }
}

impl fmt::Debug for Database {
    /// Leaves out the URLs, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("migrate", &self.migrate)
            .field("max_connections", &self.max_connections)
            .field("prepared_statements", &self.prepared_statements)
            .finish_non_exhaustive()
    }
}

fn none_if_zero<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonZeroU32>, D::Error> {
    u32::deserialize(deserializer).map(NonZeroU32::new)
}

fn yes() -> bool {
    true
}
