//! A set in a file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chats_access::{Algorithm, HttpClients, Jwks, JwksError, JwksSource};
use chats_testkit::jwks::{IssuerKey, jwks};
use chats_testkit::memory::ManualClock;
use futures_util::FutureExt;
use serde_json::json;

use super::scene::{Scene, UNKNOWN_KEY, issuers, key, settings, token};
use crate::both_ways::BothWays;
use crate::scene::{ISSUER, tutor};

fn start(
    file: &Path,
    algorithm: Algorithm,
) -> Result<(Arc<ManualClock>, Arc<BothWays>), JwksError> {
    let clock = Arc::new(ManualClock::default());
    let source = JwksSource::File(file.to_owned());
    let jwks =
        Jwks::start(ISSUER, source, settings(algorithm), &HttpClients::default(), clock.clone())?;
    let issuers = Arc::new(issuers(jwks.into(), &clock));
    Ok((clock, issuers))
}

fn write(file: &Path, keys: &[&IssuerKey]) {
    // As whoever replaces a file should: in one step.
    let draft = file.with_extension("draft");
    fs::write(&draft, serde_json::to_string(&jwks(keys.iter().copied())).unwrap()).unwrap();
    fs::rename(draft, file).unwrap();
}

#[tokio::test]
async fn a_file_is_at_hand_from_the_start_and_read_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let (old, new) = (key("old"), key("new"));
    write(&file, &[&old]);
    let (clock, issuers) = start(&file, Algorithm::Es256).unwrap();
    let old_token = token(&old);
    assert_eq!(issuers.authenticate(&old_token).now_or_never(), Some(Ok(tutor())));

    write(&file, &[&new]);
    assert_eq!(issuers.authenticate(&old_token).await, Ok(tutor()), "nobody knows yet");
    clock.advance(Scene::REFRESH);
    // Either it is read of our own accord now, or for this token.
    assert_eq!(issuers.authenticate(&token(&new)).await, Ok(tutor()));
    assert_eq!(issuers.authenticate(&old_token).await, Err(UNKNOWN_KEY.to_owned()));
}

#[tokio::test]
async fn a_file_is_read_for_an_unknown_key_and_kept_in_mind_when_it_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let (old, new, later) = (key("old"), key("new"), key("later"));
    write(&file, &[&old]);
    let (clock, issuers) = start(&file, Algorithm::Es256).unwrap();
    write(&file, &[&old, &new]);
    assert_eq!(issuers.authenticate(&token(&new)).await, Ok(tutor()));

    write(&file, &[&old, &new, &later]);
    assert_eq!(issuers.authenticate(&token(&later)).await, Err(UNKNOWN_KEY.to_owned()));
    clock.advance(Scene::COOLDOWN);
    assert_eq!(issuers.authenticate(&token(&later)).await, Ok(tutor()));

    fs::remove_file(&file).unwrap();
    clock.advance(Scene::COOLDOWN);
    assert!(issuers.authenticate(&token(&key("unknown"))).await.is_err());
    assert_eq!(issuers.authenticate(&token(&later)).await, Ok(tutor()));
}

#[tokio::test]
async fn a_file_to_begin_with_has_a_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let error = |algorithm| start(&file, algorithm).err().unwrap();
    assert!(matches!(error(Algorithm::Es256), JwksError::File(_)));
    for broken in ["", "{}", "-----BEGIN PUBLIC KEY-----", "s".repeat(300_000).as_str()] {
        fs::write(&file, broken).unwrap();
        assert!(matches!(error(Algorithm::Es256), JwksError::File(_)), "{broken}");
    }
    write(&file, &[]);
    assert!(matches!(error(Algorithm::Es256), JwksError::NoKeyInFile(Algorithm::Es256)));
    write(&file, &[&key("known")]);
    assert!(matches!(error(Algorithm::EdDsa), JwksError::NoKeyInFile(Algorithm::EdDsa)));
    fs::create_dir(directory.path().join("directory")).unwrap();
    let directory = start(&directory.path().join("directory"), Algorithm::Es256);
    assert!(matches!(directory.err().unwrap(), JwksError::File(_)));
}

#[tokio::test]
async fn secrets_may_come_in_a_file_if_they_are_long_enough() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let of_bytes = |length: usize| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let k = URL_SAFE_NO_PAD.encode(vec![b's'; length]);
        json!({"keys": [{"kty": "oct", "kid": "k", "k": k}]}).to_string()
    };
    fs::write(&file, of_bytes(31)).unwrap();
    assert!(matches!(
        start(&file, Algorithm::Hs256).err().unwrap(),
        JwksError::NoKeyInFile(Algorithm::Hs256)
    ));
    fs::write(&file, of_bytes(32)).unwrap();
    assert!(start(&file, Algorithm::Hs256).is_ok());
    assert!(matches!(
        start(&file, Algorithm::Es256).err().unwrap(),
        JwksError::NoKeyInFile(Algorithm::Es256)
    ));
}
