use std::time::Duration;

use tokio::runtime::TryCurrentError;

use super::FetchError;
use crate::{Algorithm, HttpClientError};

/// How a JWKS is used, and how often it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksSettings {
    /// The algorithm of the tokens. Keys of the set for other algorithms are passed over.
    pub algorithm: Algorithm,
    /// How long after it was fetched the set is fetched again.
    pub refresh: Duration,
    /// How long after it was last fetched the set is used. Longer than `refresh`.
    pub max_age: Duration,
    /// How long the source is left alone after it was asked for an unknown key, or after it failed. Not
    /// longer than `refresh`.
    pub cooldown: Duration,
    /// How long fetching the set may take.
    pub timeout: Duration,
    /// Root certificates, in PEM, that are trusted besides those of the system; for a URL alone.
    pub extra_roots: Option<Vec<u8>>,
}

/// Why a JWKS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The URL is not one that keys may come from.
    #[error("is a URL that {0}")]
    Url(&'static str),
    /// The secrets of an HMAC would come over the network.
    #[error("is a URL, and secrets do not come from one")]
    SecretsByUrl,
    /// The file cannot be read as a set.
    #[error("cannot be read")]
    File(#[source] FetchError),
    /// The file is a set, and none of its keys can be used.
    #[error("has no key for {0} that can be used; the log tells why")]
    NoKeyInFile(Algorithm),
    /// [`JwksSettings::refresh`] is shorter than the cool-down.
    #[error("is shorter than the cool-down")]
    Refresh,
    /// [`JwksSettings::max_age`] is not longer than the pause between two fetches.
    #[error("is not longer than the pause between two fetches")]
    MaxAge,
    /// [`JwksSettings::cooldown`] is zero.
    #[error("is zero")]
    Cooldown,
    /// [`JwksSettings::timeout`] is zero.
    #[error("is zero")]
    Timeout,
    /// There is no async runtime to fetch the set on.
    #[error("there is no tokio runtime here")]
    NoRuntime(#[source] TryCurrentError),
    /// Roots are given for a file, which nobody has a certificate for.
    #[error("goes with a URL alone")]
    RootsOfFile,
    /// There is no HTTP client for the server.
    #[error(transparent)]
    HttpClient(#[from] HttpClientError),
}

impl JwksSettings {
    /// Five minutes between two fetches, a day until a set is too old, half a minute of rest, three
    /// seconds for a fetch.
    #[must_use]
    pub const fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            refresh: Duration::from_mins(5),
            max_age: Duration::from_hours(24),
            cooldown: Duration::from_secs(30),
            timeout: Duration::from_secs(3),
            extra_roots: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), JwksError> {
        if self.cooldown.is_zero() {
            return Err(JwksError::Cooldown);
        }
        if self.timeout.is_zero() {
            return Err(JwksError::Timeout);
        }
        if self.refresh < self.cooldown {
            return Err(JwksError::Refresh);
        }
        if self.max_age <= self.refresh {
            return Err(JwksError::MaxAge);
        }
        Ok(())
    }
}
