//! A token tells who calls.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use chats_access::{Algorithm, Issuer, Issuers, TokenCache, VerificationKey};
use chats_domain::ports::Authenticator;
use serde_json::Value;

use crate::samples::audience;
use crate::standing_clock::StandingClock;
use crate::{Part, at_once};

/// Tokens of another implementation, with their keys: how an algorithm's signature looks counts, too.
const SIGNED: &str = include_str!("../../access/tests/fixtures/interop/pyjwt.json");

/// A token of `ES256` that was not seen before.
#[must_use]
pub fn token_es256() -> Part {
    seen_first(Algorithm::Es256)
}

/// A token of `EdDSA` that was not seen before.
#[must_use]
pub fn token_eddsa() -> Part {
    seen_first(Algorithm::EdDsa)
}

/// A token of `RS256` that was not seen before.
#[must_use]
pub fn token_rs256() -> Part {
    seen_first(Algorithm::Rs256)
}

/// A token of `HS256` that was not seen before.
#[must_use]
pub fn token_hs256() -> Part {
    seen_first(Algorithm::Hs256)
}

/// A token that is known again.
#[must_use]
pub fn token_es256_seen_before() -> Part {
    let cache = cached(issuers(Algorithm::Es256));
    authenticate(cache, token(Algorithm::Es256))
}

/// Those whose tokens of `algorithm` count.
pub(crate) fn issuers(algorithm: Algorithm) -> Issuers {
    let key = signed("keys", algorithm);
    let key = VerificationKey::parse(algorithm, key.as_bytes()).expect("it is a key");
    let issuer = Issuer::new(key, HashSet::from([audience()]));
    let by_name = HashMap::from([("pyjwt.example.org".to_owned(), issuer)]);
    Issuers::new(by_name, Arc::new(StandingClock))
}

pub(crate) fn cached(issuers: Issuers) -> TokenCache {
    let tokens = NonZeroU32::new(10_000).expect("it is no zero");
    TokenCache::new(issuers, tokens).expect("the system gives random bytes")
}

pub(crate) fn token(algorithm: Algorithm) -> String {
    signed("tokens", algorithm)
}

fn seen_first(algorithm: Algorithm) -> Part {
    authenticate(issuers(algorithm), token(algorithm))
}

fn authenticate(authenticator: impl Authenticator + 'static, token: String) -> Part {
    Part::new(move || at_once(authenticator.authenticate(&token)))
}

fn signed(kind: &str, algorithm: Algorithm) -> String {
    let signed: Value = serde_json::from_str(SIGNED).expect("it is JSON");
    signed[kind][algorithm.as_str()].as_str().expect("it is there").to_owned()
}
