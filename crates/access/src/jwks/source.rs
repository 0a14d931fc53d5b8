use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use reqwest::{Client, StatusCode};
use tokio::task::{JoinError, spawn_blocking};
use url::{Host, Url};

use super::{JwksError, JwksSettings};
use crate::{Algorithm, HttpClients};

/// The longest set that is read. Sets take some kilobytes.
const MAX_BYTES: usize = 256 * 1024;

/// Where a set comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksSource {
    /// A file.
    File(PathBuf),
    /// A server, by `https`; by `http` only on this machine, for who can change the answer on its way
    /// can sign tokens. Redirects are not followed, and proxies of the environment not used.
    Url(Url),
}

/// Why a set was not fetched. Tells nothing of what was.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It took longer than the time-out.
    #[error("it did not come in time")]
    TimedOut,
    /// The server could not be reached, or broke off.
    #[error("the server did not answer")]
    NoAnswer(#[source] reqwest::Error),
    /// The server answered something else.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// The file could not be read.
    #[error("the file could not be read")]
    File(#[source] io::Error),
    /// Reading the file was given up, since the process ends.
    #[error("reading was dropped half-way")]
    Dropped(#[source] JoinError),
    /// There is more of it than a set can be.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It is not a set of keys.
    #[error("it is not a JWKS (line {line}, column {column})")]
    NoSet {
        /// The line where it stops to be one.
        line: usize,
        /// The column there.
        column: usize,
    },
}

/// A source that can be asked.
pub(super) enum Source {
    File(PathBuf),
    Server { http: Client, url: Url },
}

impl Source {
    /// A source that is asked, if it is a server, by one of `clients`.
    pub(super) fn new(
        source: JwksSource,
        settings: &JwksSettings,
        clients: &HttpClients,
    ) -> Result<Self, JwksError> {
        match source {
            JwksSource::File(_) if settings.extra_roots.is_some() => Err(JwksError::RootsOfFile),
            JwksSource::File(file) => Ok(Self::File(file)),
            JwksSource::Url(_) if settings.algorithm == Algorithm::Hs256 => {
                Err(JwksError::SecretsByUrl)
            }
            JwksSource::Url(url) => {
                check(&url)?;
                let http = clients.get(&url, settings.extra_roots.as_deref())?;
                Ok(Self::Server { http, url })
            }
        }
    }

    /// What is in the file, if it is one.
    pub(super) fn read_file(&self) -> Option<Result<Vec<u8>, FetchError>> {
        match self {
            Self::File(file) => Some(read(file)),
            Self::Server { .. } => None,
        }
    }

    pub(super) async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::File(file) => {
                let file = file.clone();
                spawn_blocking(move || read(&file)).await.map_err(FetchError::Dropped)?
            }
            Self::Server { http, url } => download(http, url.clone()).await,
        }
    }
}

fn check(url: &Url) -> Result<(), JwksError> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(JwksError::Url("is neither https nor http"));
    }
    if url.scheme() == "http" && !is_this_machine(url) {
        return Err(JwksError::Url("is http, which is for loopback addresses alone"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(JwksError::Url("names a user"));
    }
    if url.fragment().is_some() {
        return Err(JwksError::Url("has a fragment"));
    }
    Ok(())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

async fn download(http: &Client, url: Url) -> Result<Vec<u8>, FetchError> {
    // A query may hold what is not for the log.
    let no_answer = |error: reqwest::Error| FetchError::NoAnswer(error.without_url());
    let mut response = http.get(url).send().await.map_err(no_answer)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn read(file: &Path) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    let file = File::open(file).map_err(FetchError::File)?;
    file.take(limit).read_to_end(&mut body).map_err(FetchError::File)?;
    if body.len() > MAX_BYTES {
        return Err(FetchError::TooLong);
    }
    Ok(body)
}
