use super::set::KeySet;
use super::source::Source;
use super::{FetchError, JwksError, JwksSettings, JwksSource};
use crate::{Algorithm, HttpClients};

/// One look at a set, without using it: what [`Jwks`](super::Jwks) would meet.
pub struct JwksLook {
    source: Source,
    settings: JwksSettings,
}

/// What a set holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksContent {
    /// How many keys can be used.
    pub keys: usize,
    /// The others: how each is called, and why it is passed over.
    pub passed_over: Vec<String>,
}

impl JwksLook {
    /// A look that is still to be taken. It fails where [`Jwks::start`](super::Jwks::start) would without
    /// having looked.
    pub fn new(
        source: JwksSource,
        settings: JwksSettings,
        clients: &HttpClients,
    ) -> Result<Self, JwksError> {
        settings.check()?;
        Ok(Self { source: Source::new(source, &settings, clients)?, settings })
    }

    /// Whether the set comes over the network.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.source, Source::Server { .. })
    }

    /// Fetches the set once.
    pub async fn take(self) -> Result<JwksContent, FetchError> {
        let fetched = tokio::time::timeout(self.settings.timeout, self.source.fetch()).await;
        let body = fetched.unwrap_or(Err(FetchError::TimedOut))?;
        read_set(self.settings.algorithm, &body)
    }
}

/// What the set holds that was fetched as `json`.
pub(crate) fn read_set(algorithm: Algorithm, json: &[u8]) -> Result<JwksContent, FetchError> {
    let set = KeySet::parse(algorithm, json)?;
    let passed_over = set.skipped().iter().map(|key| match &key.key_id {
        Some(id) => format!("the key {id:?} {}", key.reason),
        None => format!("a key without a name {}", key.reason),
    });
    Ok(JwksContent { keys: set.len(), passed_over: passed_over.collect() })
}
