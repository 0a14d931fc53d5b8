//! Tokens are verified once.

mod fingerprint;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aws_lc_rs::error::Unspecified;
use chats_domain::ports::{AuthenticationError, Authenticator};
use chats_domain::values::Account;
use quick_cache::sync::Cache;

use self::fingerprint::{Fingerprint, Fingerprints};
use crate::verified::{TokenVerifier, Verified};
use crate::{Issuers, MAX_TOKEN_BYTES};

/// Issuers whose tokens are verified once, and known again for as long as they count.
///
/// It makes no difference to any answer: a token is refused from the moment on at which its issuers would
/// refuse it, since it has expired, or its issuer's set has changed or is too old. Refusals are not kept.
///
/// There is no token in here, nor anything that would pass for one: they are known by a keyed hash.
pub struct TokenCache<V = Issuers> {
    issuers: V,
    fingerprints: Fingerprints,
    verified: Cache<Fingerprint, Arc<Verified>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How a cache does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCacheStats {
    /// How many tokens were known.
    pub hits: u64,
    /// How many were not, and were verified or refused.
    pub misses: u64,
    /// How many entries there are. Those that have come to their end go when they are met, or when their
    /// place is needed.
    pub entries: usize,
}

impl<V: TokenVerifier> TokenCache<V> {
    /// Stands before `issuers` and remembers so many of their tokens, about; those that come most stay.
    ///
    /// Fails only if the system gives no random bytes.
    pub fn new(issuers: V, tokens: NonZeroU32) -> Result<Self, Unspecified> {
        let tokens = usize::try_from(tokens.get()).unwrap_or(usize::MAX);
        Ok(Self {
            issuers,
            fingerprints: Fingerprints::with_random_key()?,
            verified: Cache::new(tokens),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// How the cache does.
    #[must_use]
    pub fn stats(&self) -> TokenCacheStats {
        TokenCacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.verified.len(),
        }
    }

    /// The account of a token that was verified before, if it still counts.
    fn known(&self, token: &Fingerprint) -> Option<Account> {
        let verified = self.verified.get(token)?;
        if verified.still_counts(self.issuers.now()) {
            return Some(verified.account.clone());
        }
        self.verified.remove(token);
        None
    }
}

#[async_trait]
impl<V: TokenVerifier> Authenticator for TokenCache<V> {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
        // It would be refused unread, and is not read here either.
        if token.len() > MAX_TOKEN_BYTES {
            return Ok(self.issuers.verify(token).await?.account);
        }
        let fingerprint = self.fingerprints.of(token);
        if let Some(account) = self.known(&fingerprint) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(account);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let verified = self.issuers.verify(token).await?;
        let account = verified.account.clone();
        self.verified.insert(fingerprint, Arc::new(verified));
        Ok(account)
    }
}
