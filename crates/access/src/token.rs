use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::claims::Claims;
use crate::refusal::Refusal;
use crate::{Algorithm, VerificationKey};

/// The most bytes of a token. A longer one is refused unread.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token in its compact form (RFC 7515 §3.1), taken apart. Its claims come out once it is verified.
pub(crate) struct Unverified<'t> {
    signed: &'t str,
    signature: &'t str,
    header: Header,
    claims: Claims,
}

/// What matters of a header. The keys that it may bring along or tell the place of (`jwk`, `jku`, `x5c`,
/// `x5u`) are passed over: where keys come from is known from the issuer.
#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Which of its issuer's keys has signed it (RFC 7515 §4.1.4).
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 §4.1.11). None is.
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed)?;

        let header: Header = read_object(&decode(header)?).ok_or(Refusal::Malformed)?;
        if header.crit.is_some() {
            return Err(Refusal::Extensions);
        }
        let claims: Claims = read_object(&decode(claims)?).ok_or(Refusal::InvalidClaims)?;
        Ok(Self { signed, signature, header, claims })
    }

    /// Who claims to have issued the token: it tells whose key to verify it with.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.iss.as_deref()
    }

    /// Which of its issuer's keys has signed the token, if it tells.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Refuses what claims to be signed with another algorithm.
    pub(crate) fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), Refusal> {
        if self.header.alg != algorithm.as_str() {
            return Err(Refusal::WrongAlgorithm);
        }
        Ok(())
    }

    /// The claims, if `key` has signed them with the key's own algorithm.
    pub(crate) fn verify(self, key: &VerificationKey) -> Result<Claims, Refusal> {
        self.check_algorithm(key.algorithm())?;
        match key.verify(self.signed.as_bytes(), self.signature) {
            Ok(true) => Ok(self.claims),
            Ok(false) => Err(Refusal::WrongSignature),
            Err(_) => Err(Refusal::Malformed),
        }
    }
}

/// A member that is there: `null` is no way of leaving it out.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}

/// A struct would be read from an array too.
fn read_object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(json).ok()
}
