use std::fmt;

use serde::Deserialize;

/// How tokens are signed (RFC 7518 §3.1; RFC 8037 §3.1 for `EdDSA`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Algorithm {
    /// ECDSA on the curve P-256, with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA as PKCS#1 v1.5 has it, with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// HMAC with SHA-256: whoever can verify a token can sign one too.
    #[serde(rename = "HS256")]
    Hs256,
}

impl Algorithm {
    /// The algorithm's name, as it stands in a token and in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    /// What a key for it is.
    pub(crate) const fn key_kind(self) -> &'static str {
        match self {
            Self::Es256 => "an EC key on the curve P-256",
            Self::Rs256 => "an RSA key of 2048 to 8192 bits",
            Self::EdDsa => "an Ed25519 key",
            Self::Hs256 => "a secret of at least 32 bytes",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::ES256,
            Algorithm::Rs256 => Self::RS256,
            Algorithm::EdDsa => Self::EdDSA,
            Algorithm::Hs256 => Self::HS256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_configured_by_the_name_it_shows() {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Hs256] {
            let name = serde_json::Value::from(algorithm.as_str());
            assert_eq!(serde_json::from_value::<Algorithm>(name).unwrap(), algorithm);
        }
        assert!(serde_json::from_str::<Algorithm>(r#""none""#).is_err());
        assert!(serde_json::from_str::<Algorithm>(r#""es256""#).is_err());
    }
}
