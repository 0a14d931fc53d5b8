//! Bytes become keys only if they fit their algorithm.
//!
//! Most keys are made for the test. What cannot be made here lies in `tests/fixtures`, from `openssl`: RSA
//! keys that are too short, certificates, and a key with a password.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use chats_access::{Algorithm, Issuer, Issuers, KeyError, Signer, SigningKey, VerificationKey};
use chats_domain::ports::Authenticator;
use chats_domain::values::Account;
use chats_testkit::memory::ManualClock;

use crate::support::{ALGORITHMS, KeyFiles, pem};

const RSA_1024_PRIVATE: &[u8] = include_bytes!("../fixtures/rsa_1024_private.pem");
const RSA_1024_PUBLIC: &[u8] = include_bytes!("../fixtures/rsa_1024_public.pem");
const EC_CERTIFICATE: &[u8] = include_bytes!("../fixtures/ec_certificate.pem");
const RSA_CERTIFICATE: &[u8] = include_bytes!("../fixtures/rsa_certificate.pem");
const EC_ENCRYPTED_PRIVATE: &[u8] = include_bytes!("../fixtures/ec_encrypted_private.pem");

fn verification_error(algorithm: Algorithm, bytes: impl AsRef<[u8]>) -> Option<KeyError> {
    VerificationKey::parse(algorithm, bytes.as_ref()).err()
}

fn signing_error(algorithm: Algorithm, bytes: impl AsRef<[u8]>) -> Option<KeyError> {
    SigningKey::parse(algorithm, bytes.as_ref()).err()
}

#[test]
fn a_key_of_its_algorithm_is_taken_for_verifying_and_for_signing() {
    for algorithm in ALGORITHMS {
        let files = KeyFiles::generate(algorithm);
        assert_eq!(verification_error(algorithm, &files.public), None);
        assert_eq!(signing_error(algorithm, &files.private), None);
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    for (algorithm, files) in [
        (Algorithm::Es256, KeyFiles::p384()),
        (Algorithm::Es256, KeyFiles::ed25519()),
        (Algorithm::Es256, KeyFiles::rsa(KeySize::Rsa2048)),
        (Algorithm::EdDsa, KeyFiles::p256()),
        (Algorithm::EdDsa, KeyFiles::rsa(KeySize::Rsa2048)),
        (Algorithm::Rs256, KeyFiles::p256()),
        (Algorithm::Rs256, KeyFiles::ed25519()),
    ] {
        let unsuitable = Some(KeyError::Unsuitable(algorithm));
        assert_eq!(verification_error(algorithm, &files.public), unsuitable);
        assert_eq!(signing_error(algorithm, &files.private), unsuitable);
    }
}

#[test]
fn an_rsa_key_has_at_least_2048_bits() {
    let unsuitable = Some(KeyError::Unsuitable(Algorithm::Rs256));
    assert_eq!(verification_error(Algorithm::Rs256, RSA_1024_PUBLIC), unsuitable);
    assert_eq!(signing_error(Algorithm::Rs256, RSA_1024_PRIVATE), unsuitable);

    let larger = KeyFiles::rsa(KeySize::Rsa3072);
    assert_eq!(verification_error(Algorithm::Rs256, &larger.public), None);
    assert_eq!(signing_error(Algorithm::Rs256, &larger.private), None);
}

#[test]
fn a_private_key_does_not_verify_and_a_public_one_does_not_sign() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let files = KeyFiles::generate(algorithm);
        assert_eq!(verification_error(algorithm, &files.private), Some(KeyError::Private));
        assert_eq!(signing_error(algorithm, &files.public), Some(KeyError::NotPrivate));
    }
}

#[test]
fn a_private_rsa_key_may_be_pkcs1_but_does_not_verify_then_either() {
    let files = KeyFiles::rsa(KeySize::Rsa2048);
    let pkcs8 = pem::parse(&files.private).unwrap().into_contents();
    // What comes before is the version and the algorithm.
    let pkcs1 = pem("RSA PRIVATE KEY", &pkcs8[26..]);
    assert_eq!(signing_error(Algorithm::Rs256, &pkcs1), None);
    assert_eq!(verification_error(Algorithm::Rs256, &pkcs1), Some(KeyError::Private));
}

#[test]
fn a_public_rsa_key_may_be_pkcs1() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs1 = pem("RSA PUBLIC KEY", pair.public_key().as_ref());
    assert_eq!(verification_error(Algorithm::Rs256, &pkcs1), None);
    assert_eq!(
        verification_error(Algorithm::Es256, &pkcs1),
        Some(KeyError::Unsuitable(Algorithm::Es256))
    );
}

#[test]
fn a_private_ec_key_may_be_sec1() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    let sec1 = pem("EC PRIVATE KEY", der.as_ref());
    assert_eq!(signing_error(Algorithm::Es256, &sec1), None);

    // As `openssl ecparam -genkey -name prime256v1` writes it.
    let p256 = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    assert_eq!(signing_error(Algorithm::Es256, format!("{p256}{sec1}")), None);
}

#[test]
fn a_public_key_may_come_in_a_certificate() {
    assert_eq!(verification_error(Algorithm::Es256, EC_CERTIFICATE), None);
    assert_eq!(verification_error(Algorithm::Rs256, RSA_CERTIFICATE), None);
    assert_eq!(
        verification_error(Algorithm::Es256, RSA_CERTIFICATE),
        Some(KeyError::Unsuitable(Algorithm::Es256))
    );
    assert_eq!(
        verification_error(Algorithm::Rs256, EC_CERTIFICATE),
        Some(KeyError::Unsuitable(Algorithm::Rs256))
    );
}

#[test]
fn a_private_key_with_a_password_is_refused_as_such() {
    assert_eq!(signing_error(Algorithm::Es256, EC_ENCRYPTED_PRIVATE), Some(KeyError::Encrypted));
    assert_eq!(verification_error(Algorithm::Es256, EC_ENCRYPTED_PRIVATE), Some(KeyError::Private));
}

#[test]
fn a_public_key_is_no_secret() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let files = KeyFiles::generate(algorithm);
        for file in [&files.public, &files.private] {
            let refused = Some(KeyError::PemForSecret);
            assert_eq!(verification_error(Algorithm::Hs256, file), refused);
            assert_eq!(signing_error(Algorithm::Hs256, file), refused);
        }
    }
}

#[test]
fn a_short_secret_is_refused() {
    for secret in ["", "secret", "s234567890123456789012345678901\n"] {
        let short = Some(KeyError::ShortSecret);
        assert_eq!(verification_error(Algorithm::Hs256, secret), short);
        assert_eq!(signing_error(Algorithm::Hs256, secret), short);
    }
}

#[test]
fn what_is_not_one_block_of_pem_is_refused() {
    let files = KeyFiles::p256();
    let two = format!("{0}{0}", files.public);
    let cut = &files.public[..files.public.len() / 2];
    let bare = files.public.lines().nth(1).unwrap();
    for bytes in ["", "\n", bare, cut, &two, "\u{fffd}"] {
        let refused = Some(KeyError::NotOnePem);
        assert_eq!(verification_error(Algorithm::Es256, bytes), refused);
        assert_eq!(signing_error(Algorithm::Es256, bytes), refused);
    }
}

#[test]
fn broken_keys_are_refused() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let files = KeyFiles::generate(algorithm);
        let unsuitable = Some(KeyError::Unsuitable(algorithm));

        let public = pem::parse(&files.public).unwrap().into_contents();
        let cut = pem("PUBLIC KEY", &public[..public.len() - 1]);
        assert_eq!(verification_error(algorithm, cut), unsuitable);

        let private = pem::parse(&files.private).unwrap().into_contents();
        let cut = pem("PRIVATE KEY", &private[..private.len() - 1]);
        assert_eq!(signing_error(algorithm, cut), unsuitable);
    }
    // A point that is not on the curve.
    let mut point = pem::parse(KeyFiles::p256().public).unwrap().into_contents();
    *point.last_mut().unwrap() ^= 1;
    assert_eq!(
        verification_error(Algorithm::Es256, pem("PUBLIC KEY", &point)),
        Some(KeyError::Unsuitable(Algorithm::Es256))
    );
}

#[test]
fn a_key_does_not_show_itself() {
    for algorithm in ALGORITHMS {
        let files = KeyFiles::generate(algorithm);
        assert_eq!(
            format!("{:?}", files.verification_key(algorithm)),
            format!("VerificationKey {{ algorithm: {algorithm:?}, .. }}")
        );
        assert_eq!(
            format!("{:?}", files.signing_key(algorithm)),
            format!("SigningKey {{ algorithm: {algorithm:?}, .. }}")
        );
    }
}

#[tokio::test]
async fn a_signing_key_knows_the_key_that_verifies() {
    for algorithm in ALGORITHMS {
        let key = KeyFiles::generate(algorithm).signing_key(algorithm);
        let other = KeyFiles::generate(algorithm).signing_key(algorithm);
        let account: Account = "tutor-7.school.example.org".parse().unwrap();
        let audiences = HashSet::from([account.audience().clone()]);
        let issuer = Issuer::new(key.verification_key().unwrap(), audiences);
        let clock = Arc::new(ManualClock::default());
        let by_name = HashMap::from([("issuer".to_owned(), issuer)]);
        let issuers = Issuers::new(by_name, clock.clone());

        for (key, verifies) in [(key, true), (other, false)] {
            let signer = Signer::new("issuer".to_owned(), key, clock.clone());
            let token = signer.sign(&account, Duration::from_mins(1)).unwrap();
            let authenticated = issuers.authenticate(&token).await;
            assert_eq!(authenticated.is_ok(), verifies, "{algorithm}");
        }
    }
}

#[test]
fn an_error_says_what_would_fit() {
    let p384 = KeyFiles::p384();
    assert_eq!(
        verification_error(Algorithm::Es256, p384.public).unwrap().to_string(),
        "is not a key for ES256, which takes an EC key on the curve P-256"
    );
}
