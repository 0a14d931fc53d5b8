//! Keys that fit their algorithm: what has been parsed can sign or verify.

mod jwk;

use std::fmt;

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, PublicKey as RsaPublicKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, VerificationAlgorithm,
};
use jsonwebtoken::errors::Result as JwtResult;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, crypto, encode};
use pem::Pem;
use serde::Serialize;

use crate::{Algorithm, secret};

/// A key that verifies tokens, with the one algorithm that it is for.
#[derive(Clone)]
pub struct VerificationKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// A key that signs tokens, with the one algorithm that it is for.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
}

/// Why bytes are not a key. Tells nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not PEM, or more than one block of it.
    #[error("is not one block of PEM")]
    NotOnePem,
    /// A private key was given for verifying.
    #[error("is a private key, where the public one belongs")]
    Private,
    /// Something else than a private key was given for signing.
    #[error("is not a private key")]
    NotPrivate,
    /// The private key needs a password.
    #[error("is encrypted")]
    Encrypted,
    /// The key is of another kind, or too short, or broken.
    #[error("is not a key for {0}, which takes {kind}", kind = .0.key_kind())]
    Unsuitable(Algorithm),
    /// PEM was given as an HMAC secret.
    #[error("is PEM, where a secret belongs")]
    PemForSecret,
    /// The HMAC secret is shorter than the digest (RFC 7518 §3.2).
    #[error("is a secret of less than 32 bytes")]
    ShortSecret,
}

impl VerificationKey {
    /// Reads a key from the bytes of a file.
    ///
    /// For [`Algorithm::Hs256`] they are the secret itself, and text may end with a line end. Else they
    /// are one block of PEM: a public key (`PUBLIC KEY`; for RSA also `RSA PUBLIC KEY`), or a
    /// certificate, of which the key alone counts: not its dates and not who signed it.
    pub fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::Es256 => DecodingKey::from_ec_pem(public_pem(bytes)?)
                .ok()
                .filter(|key| is_public_key(&ECDSA_P256_SHA256_FIXED, key)),
            Algorithm::Rs256 => {
                DecodingKey::from_rsa_pem(public_pem(bytes)?).ok().filter(is_rsa_public_key)
            }
            Algorithm::EdDsa => DecodingKey::from_ed_pem(public_pem(bytes)?)
                .ok()
                .filter(|key| is_public_key(&ED25519, key)),
            Algorithm::Hs256 => Some(DecodingKey::from_secret(secret::parse(bytes)?)),
        };
        Ok(Self { algorithm, key: key.ok_or(KeyError::Unsuitable(algorithm))? })
    }

    /// The algorithm that the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's for `message`; an error if it is no signature at all.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> JwtResult<bool> {
        crypto::verify(signature, message, &self.key, self.algorithm.into())
    }
}

impl SigningKey {
    /// Reads a key from the bytes of a file.
    ///
    /// For [`Algorithm::Hs256`] they are the secret itself, and text may end with a line end. Else they
    /// are one block of PEM with a private key that needs no password: PKCS#8 (`PRIVATE KEY`), for RSA
    /// also PKCS#1 (`RSA PRIVATE KEY`), for ECDSA also SEC 1 (`EC PRIVATE KEY`).
    pub fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::Es256 => p256_key_pair(private_pem(bytes)?.contents()),
            Algorithm::Rs256 => private_pem(bytes)
                .map(|_| EncodingKey::from_rsa_pem(bytes).ok())?
                .filter(|key| RsaKeyPair::from_der(key.as_bytes()).is_ok()),
            Algorithm::EdDsa => private_pem(bytes)
                .map(|_| EncodingKey::from_ed_pem(bytes).ok())?
                .filter(|key| Ed25519KeyPair::from_pkcs8(key.as_bytes()).is_ok()),
            Algorithm::Hs256 => Some(EncodingKey::from_secret(secret::parse(bytes)?)),
        };
        Ok(Self { algorithm, key: key.ok_or(KeyError::Unsuitable(algorithm))? })
    }

    /// The key that verifies what this one signs.
    pub fn verification_key(&self) -> Result<VerificationKey, KeyError> {
        let own = self.key.as_bytes();
        let key = match self.algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, own)
                .map(|pair| DecodingKey::from_ec_der(pair.public_key().as_ref())),
            Algorithm::Rs256 => RsaKeyPair::from_der(own)
                .map(|pair| DecodingKey::from_rsa_der(pair.public_key().as_ref())),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(own)
                .map(|pair| DecodingKey::from_ed_der(pair.public_key().as_ref())),
            Algorithm::Hs256 => Ok(DecodingKey::from_secret(own)),
        };
        Ok(VerificationKey {
            algorithm: self.algorithm,
            key: key.map_err(|_| KeyError::Unsuitable(self.algorithm))?,
        })
    }

    /// A token with these claims.
    pub(crate) fn sign<C: Serialize>(&self, claims: &C) -> JwtResult<String> {
        encode(&Header::new(self.algorithm.into()), claims, &self.key)
    }
}

impl PartialEq for VerificationKey {
    fn eq(&self, other: &Self) -> bool {
        // Each of them is kept as bytes, so that there are some to compare.
        let same = |own: &[u8]| other.key.try_get_as_bytes().is_ok_and(|other| own == other);
        self.algorithm == other.algorithm && self.key.try_get_as_bytes().is_ok_and(same)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

fn one_pem(bytes: &[u8]) -> Result<Pem, KeyError> {
    let mut blocks = pem::parse_many(bytes).map_err(|_| KeyError::NotOnePem)?;
    // `openssl ecparam -genkey` puts the curve before the key, which names it too.
    blocks.retain(|block| block.tag() != "EC PARAMETERS");
    match (blocks.pop(), blocks.is_empty()) {
        (Some(pem), true) => Ok(pem),
        _ => Err(KeyError::NotOnePem),
    }
}

/// The library would take a private RSA key for a public one.
fn public_pem(bytes: &[u8]) -> Result<&[u8], KeyError> {
    if one_pem(bytes)?.tag().ends_with("PRIVATE KEY") {
        return Err(KeyError::Private);
    }
    Ok(bytes)
}

fn private_pem(bytes: &[u8]) -> Result<Pem, KeyError> {
    let pem = one_pem(bytes)?;
    match pem.tag() {
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        tag if tag.ends_with("PRIVATE KEY") => Ok(pem),
        _ => Err(KeyError::NotPrivate),
    }
}

fn is_public_key(algorithm: &'static dyn VerificationAlgorithm, key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|key| ParsedPublicKey::new(algorithm, key).is_ok())
}

fn is_rsa_public_key(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|key| {
        RsaPublicKey::from_der(key).is_ok_and(|key| {
            let modulus = key.modulus().big_endian_without_leading_zero();
            let zeros = modulus.first().map_or(0, |byte| byte.leading_zeros());
            (2048..=8192).contains(&(modulus.len() * 8 - zeros as usize))
        })
    })
}

/// The library takes PKCS#8 alone.
fn p256_key_pair(der: &[u8]) -> Option<EncodingKey> {
    let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
    let pkcs8 = pair.to_pkcs8v1().ok()?;
    Some(EncodingKey::from_ec_der(pkcs8.as_ref()))
}
