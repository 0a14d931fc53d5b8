//! Key pairs as files hold them, made anew for each test.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use chats_access::{Algorithm, Secret, SigningKey, VerificationKey};
use pem::Pem;

pub(crate) const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Hs256];

/// The files of a key pair; of a secret, twice the same.
pub(crate) struct KeyFiles {
    pub(crate) private: String,
    pub(crate) public: String,
}

impl KeyFiles {
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::p256(),
            Algorithm::Rs256 => Self::rsa(KeySize::Rsa2048),
            Algorithm::EdDsa => Self::ed25519(),
            Algorithm::Hs256 => {
                let secret = Secret::generate().unwrap();
                Self { private: secret.as_str().to_owned(), public: secret.as_str().to_owned() }
            }
        }
    }

    pub(crate) fn p256() -> Self {
        Self::ec(&ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    pub(crate) fn p384() -> Self {
        Self::ec(&ECDSA_P384_SHA384_FIXED_SIGNING)
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self {
            private: pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()),
            public: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    pub(crate) fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self {
            private: pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()),
            public: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    pub(crate) fn rsa(size: KeySize) -> Self {
        let pair = RsaKeyPair::generate(size).unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self {
            private: pem("PRIVATE KEY", private.as_ref()),
            public: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    pub(crate) fn signing_key(&self, algorithm: Algorithm) -> SigningKey {
        SigningKey::parse(algorithm, self.private.as_bytes()).unwrap()
    }

    pub(crate) fn verification_key(&self, algorithm: Algorithm) -> VerificationKey {
        VerificationKey::parse(algorithm, self.public.as_bytes()).unwrap()
    }
}

pub(crate) fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&Pem::new(tag, der))
}
