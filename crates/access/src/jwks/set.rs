use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::FetchError;
use crate::refusal::Refusal;
use crate::{Algorithm, KeyError, VerificationKey};

/// The keys of a set that are for an issuer's algorithm, and what is to tell of the others.
#[derive(Default)]
pub(super) struct KeySet {
    by_id: HashMap<String, Arc<VerificationKey>>,
    without_id: Vec<Arc<VerificationKey>>,
    skipped: Vec<SkippedKey>,
}

/// A key of a set that is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkippedKey {
    pub(super) key_id: Option<String>,
    pub(super) reason: Unusable,
}

/// Why a key is not used. Tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("is not a JWK")]
    Malformed,
    #[error("is a private key, which is no secret where it stands")]
    Private,
    #[error("is not for signatures, by its `use` or `key_ops`")]
    OtherUse,
    #[error("is for another algorithm, by its `alg`")]
    OtherAlgorithm,
    #[error("has the `kid` of a key before it")]
    Repeated,
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// What a public key does not have (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2).
#[derive(Deserialize)]
struct PrivatePart {
    d: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads a set (RFC 7517 §5). Keys that are not for `algorithm` do no harm to the others: a set may
    /// be for several purposes.
    pub(super) fn parse(algorithm: Algorithm, json: &[u8]) -> Result<Self, FetchError> {
        let JwkSet { keys } = serde_json::from_slice(json)
            .map_err(|error| FetchError::NoSet { line: error.line(), column: error.column() })?;
        let mut set = Self::default();
        for key in keys {
            if let Err(key) = set.add(algorithm, key) {
                set.skipped.push(key);
            }
        }
        Ok(set)
    }

    /// The key with this identifier. A token that names none means the only key there is; where there are
    /// several it has to name one (`OpenID` Connect Core 1.0 §10.1).
    pub(super) fn find(&self, key_id: Option<&str>) -> Result<Arc<VerificationKey>, Refusal> {
        let Some(key_id) = key_id else {
            let mut all = self.by_id.values().chain(&self.without_id);
            return match (all.next(), all.next()) {
                (Some(only), None) => Ok(Arc::clone(only)),
                (Some(_), Some(_)) => Err(Refusal::UnnamedKey),
                (None, _) => Err(Refusal::UnknownKey),
            };
        };
        self.by_id.get(key_id).cloned().ok_or(Refusal::UnknownKey)
    }

    /// Whether all that can be found in one set is found in the other, in whatever order they came.
    pub(super) fn has_keys_of(&self, other: &Self) -> bool {
        self.by_id == other.by_id && are_the_same(&self.without_id, &other.without_id)
    }

    /// Whether there is the same to tell of the keys that are not used.
    pub(super) fn skips_like(&self, other: &Self) -> bool {
        are_the_same(&self.skipped, &other.skipped)
    }

    pub(super) fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len() + self.without_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&mut self, algorithm: Algorithm, json: &RawValue) -> Result<(), SkippedKey> {
        let jwk: Jwk = serde_json::from_str(json.get())
            .map_err(|_| SkippedKey { key_id: None, reason: Unusable::Malformed })?;
        let key_id = jwk.common.key_id.clone();
        let skipped = |reason| SkippedKey { key_id: key_id.clone(), reason };
        let key = usable(algorithm, &jwk, json).map_err(skipped)?;
        match key_id.clone().map(|key_id| self.by_id.entry(key_id)) {
            None => self.without_id.push(Arc::new(key)),
            Some(Entry::Vacant(place)) => {
                place.insert(Arc::new(key));
            }
            Some(Entry::Occupied(_)) => return Err(skipped(Unusable::Repeated)),
        }
        Ok(())
    }
}

/// Whether there are as many of one as of the other, and none that the other does not have.
fn are_the_same<T: PartialEq>(some: &[T], others: &[T]) -> bool {
    some.len() == others.len()
        && some.iter().all(|one| others.contains(one))
        && others.iter().all(|other| some.contains(other))
}

/// The key, if it is one that verifies with `algorithm`. What it does not say of itself is not held
/// against it: all of `use`, `key_ops` and `alg` may be left out (RFC 7517 §4).
fn usable(algorithm: Algorithm, jwk: &Jwk, json: &RawValue) -> Result<VerificationKey, Unusable> {
    let private: PrivatePart = serde_json::from_str(json.get()).map_err(|_| Unusable::Malformed)?;
    if private.d.is_some() {
        return Err(Unusable::Private);
    }
    let common = &jwk.common;
    let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && common.key_operations.as_ref().is_none_or(|it| it.contains(&KeyOperations::Verify));
    if !is_for_signatures {
        return Err(Unusable::OtherUse);
    }
    let own = KeyAlgorithm::from(jsonwebtoken::Algorithm::from(algorithm));
    if common.key_algorithm.is_some_and(|alg| alg != own) {
        return Err(Unusable::OtherAlgorithm);
    }
    Ok(VerificationKey::of_jwk(algorithm, jwk)?)
}
