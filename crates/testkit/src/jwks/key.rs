use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto, encode};
use pem::Pem;
use rcgen::{KeyPair, PublicKeyData};
use serde::Serialize;

/// A key of an issuer, for `ES256`, that can be in a set.
pub struct IssuerKey {
    id: Option<String>,
    key: EncodingKey,
    jwk: Jwk,
    public_pem: String,
}

/// Why there is no key, or no token.
#[derive(Debug, thiserror::Error)]
pub enum IssuerKeyError {
    /// The key could not be made.
    #[error("the key could not be made")]
    NotMade(#[from] rcgen::Error),
    /// The token could not be signed.
    #[error("the token could not be signed")]
    NotSigned(#[from] jsonwebtoken::errors::Error),
}

impl IssuerKey {
    /// Another key each time, with this `kid`.
    pub fn generate(id: Option<&str>) -> Result<Self, IssuerKeyError> {
        let pair = KeyPair::generate()?;
        let key = EncodingKey::from_ec_der(pair.serialized_der());
        let public_pem = pem::encode(&Pem::new("PUBLIC KEY", pair.subject_public_key_info()));
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        jwk.common.key_id = id.map(str::to_owned);
        Ok(Self { id: id.map(str::to_owned), key, jwk, public_pem })
    }

    /// The public key, as it stands in a set.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The public key, as PEM.
    #[must_use]
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// A token of these two parts as they are written, whatever they say.
    pub fn sign_text(&self, header: &str, claims: &str) -> Result<String, IssuerKeyError> {
        sign_text(header, claims, &self.key, Algorithm::ES256)
    }

    /// A token that says this, and names the key.
    pub fn sign<C: Serialize>(&self, claims: &C) -> Result<String, IssuerKeyError> {
        self.sign_as(self.id.as_deref(), claims)
    }

    /// A token that says this, and names its key so, whatever its key is.
    pub fn sign_as<C: Serialize>(
        &self,
        id: Option<&str>,
        claims: &C,
    ) -> Result<String, IssuerKeyError> {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        Ok(encode(&header, claims, &self.key)?)
    }
}

/// A token of these two parts as they are written, signed with a secret (HMAC with SHA-256).
pub fn sign_text_with_secret(
    header: &str,
    claims: &str,
    secret: &[u8],
) -> Result<String, IssuerKeyError> {
    sign_text(header, claims, &EncodingKey::from_secret(secret), Algorithm::HS256)
}

fn sign_text(
    header: &str,
    claims: &str,
    key: &EncodingKey,
    algorithm: Algorithm,
) -> Result<String, IssuerKeyError> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{header}.{claims}");
    let signature = crypto::sign(signed.as_bytes(), key, algorithm)?;
    Ok(format!("{signed}.{signature}"))
}

/// The set of these keys.
#[must_use]
pub fn jwks<'k>(keys: impl IntoIterator<Item = &'k IssuerKey>) -> JwkSet {
    JwkSet { keys: keys.into_iter().map(|key| key.jwk.clone()).collect() }
}
