use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::PublicKey as RsaPublicKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters as Parameters, EllipticCurve, Jwk, RSAKeyParameters};

use super::{KeyError, VerificationKey, is_public_key, is_rsa_public_key};
use crate::{Algorithm, secret};

impl VerificationKey {
    /// Reads a public key, or for [`Algorithm::Hs256`] a secret, of a set (RFC 7518 §6, RFC 8037 §2).
    pub(crate) fn of_jwk(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, KeyError> {
        let key = match (algorithm, &jwk.algorithm) {
            (Algorithm::Es256, Parameters::EllipticCurve(key))
                if key.curve == EllipticCurve::P256 =>
            {
                DecodingKey::from_ec_components(&key.x, &key.y)
                    .ok()
                    .filter(|key| is_public_key(&ECDSA_P256_SHA256_FIXED, key))
            }
            (Algorithm::Rs256, Parameters::RSA(key)) => rsa_public_key(key),
            (Algorithm::EdDsa, Parameters::OctetKeyPair(key))
                if key.curve == EllipticCurve::Ed25519 =>
            {
                DecodingKey::from_ed_components(&key.x)
                    .ok()
                    .filter(|key| is_public_key(&ED25519, key))
            }
            (Algorithm::Hs256, Parameters::OctetKey(_)) => match DecodingKey::from_jwk(jwk).ok() {
                Some(key) if !is_long_secret(&key) => return Err(KeyError::ShortSecret),
                key => key,
            },
            _ => None,
        };
        Ok(Self { algorithm, key: key.ok_or(KeyError::Unsuitable(algorithm))? })
    }
}

/// The library would neither look at the numbers nor keep them in a form that is fast to use.
fn rsa_public_key(key: &RSAKeyParameters) -> Option<DecodingKey> {
    let components = RsaPublicKeyComponents {
        n: URL_SAFE_NO_PAD.decode(&key.n).ok()?,
        e: URL_SAFE_NO_PAD.decode(&key.e).ok()?,
    };
    let der = components.as_der().ok()?;
    let key = RsaPublicKey::from_der(der.as_ref()).ok()?;
    Some(DecodingKey::from_rsa_der(key.as_ref())).filter(is_rsa_public_key)
}

fn is_long_secret(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(secret::is_long_enough)
}
