//! One issuer, and tokens that say what a test wants them to.

use std::collections::HashMap;
use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chats_access::{Algorithm, Issuer};
use chats_domain::ports::Clock;
use chats_domain::values::Account;
use chats_testkit::memory::ManualClock;
use jsonwebtoken::{EncodingKey, crypto};
use serde_json::{Value, json};

use crate::both_ways::BothWays;
use crate::support::KeyFiles;

pub(crate) const ISSUER: &str = "https://issuer.example.org";
pub(crate) const ES256: &str = r#"{"alg":"ES256","typ":"JWT"}"#;

pub(crate) const MALFORMED: &str = "is not a signed JWT";
pub(crate) const UNKNOWN_ISSUER: &str = "has an unknown issuer";
pub(crate) const WRONG_ALGORITHM: &str = "is not signed with its issuer's algorithm";
pub(crate) const WRONG_SIGNATURE: &str = "is not signed by its issuer";
pub(crate) const INVALID_CLAIMS: &str = "has a claim twice, or as something that it cannot be";

/// One issuer, `ES256`, that may speak for two audiences.
pub(crate) struct Scene {
    pub(crate) keys: KeyFiles,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuers: BothWays,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Issuer)) -> Self {
        let keys = KeyFiles::p256();
        let clock = Arc::new(ManualClock::default());
        let audiences = ["school.example.org", "college.example.org"];
        let mut issuer = Issuer::new(
            keys.verification_key(Algorithm::Es256),
            audiences.map(|audience| audience.parse().unwrap()).into(),
        );
        change(&mut issuer);
        let by_name = HashMap::from([(ISSUER.to_owned(), issuer)]);
        Self { keys, issuers: BothWays::new(by_name, &clock), clock }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_unix_seconds()
    }

    /// What a token says that is good for five minutes.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": ISSUER,
            "aud": "school.example.org",
            "sub": "tutor-7",
            "exp": self.now() + 300,
        })
    }

    pub(crate) fn claims_with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[claim] = value;
        claims.to_string()
    }

    pub(crate) fn claims_without(&self, claim: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        claims.to_string()
    }

    /// A token that the issuer signed, whatever it says.
    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        sign(header, claims, &self.keys)
    }

    pub(crate) fn token(&self) -> String {
        self.signed(ES256, &self.claims().to_string())
    }

    pub(crate) async fn authenticate(&self, token: &str) -> Result<Account, String> {
        self.issuers.authenticate(token).await
    }

    pub(crate) async fn refusal(&self, token: &str) -> String {
        self.authenticate(token).await.unwrap_err()
    }

    pub(crate) async fn accepts(&self, claims: &str) {
        let token = self.signed(ES256, claims);
        assert_eq!(self.authenticate(&token).await, Ok(tutor()), "{claims}");
    }

    pub(crate) async fn refuses(&self, claims: &str, reason: &str) {
        let token = self.signed(ES256, claims);
        assert_eq!(self.refusal(&token).await, reason, "{claims}");
    }
}

pub(crate) fn tutor() -> Account {
    "tutor-7.school.example.org".parse().unwrap()
}

pub(crate) fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

pub(crate) fn sign(header: &str, claims: &str, keys: &KeyFiles) -> String {
    let key = EncodingKey::from_ec_pem(keys.private.as_bytes()).unwrap();
    sign_with(header, claims, &key, jsonwebtoken::Algorithm::ES256)
}

pub(crate) fn sign_with(
    header: &str,
    claims: &str,
    key: &EncodingKey,
    algorithm: jsonwebtoken::Algorithm,
) -> String {
    let message = message(header, claims);
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}
