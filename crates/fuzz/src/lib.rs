//! What several targets need: issuers whose tokens count, and a reader of JSON that knows nothing of chats.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, Issuer, Issuers, VerificationKey};
use chats_domain::ports::{Authenticator, Clock};
use chats_domain::values::{Account, Timestamp};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// All algorithms that tokens may be signed with.
pub const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Hs256];

/// The second, since the Unix epoch, at which the clock stands still.
pub const NOW: i64 = 1_732_281_600;

/// The secret of the issuer of [`Algorithm::Hs256`].
pub const SECRET: [u8; 32] = [7; 32];

/// The audience that each issuer may speak for.
pub const AUDIENCE: &str = "school.example.org";

/// Tokens that count, and the keys of those who signed them.
const SIGNED: &str = include_str!("../../access/tests/fixtures/interop/pyjwt.json");

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(NOW * 1_000_000)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }
}

/// Issuers whose keys are `keys`, each by its name.
pub fn issuers(keys: impl IntoIterator<Item = (&'static str, VerificationKey)>) -> Issuers {
    let issuers = keys.into_iter().map(|(name, key)| {
        let audiences = HashSet::from([AUDIENCE.parse().unwrap()]);
        (name.to_owned(), Issuer::new(key, audiences))
    });
    Issuers::new(HashMap::from_iter(issuers), Arc::new(StandingClock))
}

/// The account that a token stands for, if it counts.
pub fn account(issuers: &Issuers, token: &str) -> Option<Account> {
    issuers.authenticate(token).now_or_never().expect("keys at hand are not waited for").ok()
}

/// The token of `algorithm` that was signed by another program, and the key that verifies it.
pub fn signed_by_another(algorithm: Algorithm) -> (String, VerificationKey) {
    let signed: Value = serde_json::from_str(SIGNED).unwrap();
    let of = |kind: &str| signed[kind][algorithm.as_str()].as_str().unwrap().to_owned();
    (of("tokens"), VerificationKey::parse(algorithm, of("keys").as_bytes()).unwrap())
}

/// What any reader of JSON reads, if it can: of members that stand there twice, the last ones.
pub fn json(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}
