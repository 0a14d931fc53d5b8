//! Keys are never shown.

use std::error::Error;
use std::sync::Arc;

use chats_access::{Algorithm, HttpClients, Issuer, IssuerKeys, Jwks, JwksSource};
use chats_testkit::jwks::Behaviour;
use chats_testkit::memory::ManualClock;
use serde_json::json;

use super::scene::{Scene, key, settings, token};
use crate::log::Log;
use crate::scene::ISSUER;

/// 32 letters, as text and as a set has them.
const SECRET: &str = "hunter2hunter2hunter2hunter2hunt";
const SECRET_ENCODED: &str = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ";

fn shown(error: &dyn Error) -> String {
    let mut shown = format!("{error:?} {error}");
    if let Some(source) = error.source() {
        shown.push_str(&self::shown(source));
    }
    shown
}

#[track_caller]
fn assert_silent(text: &str) {
    for secret in ["hunter2", SECRET_ENCODED, &SECRET_ENCODED[..12]] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn neither_the_log_nor_an_error_nor_a_debug_print_shows_a_key() {
    let log = Log::default();
    let _guard = log.takes_all();

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwks.json");
    let secret = json!({"kty": "oct", "kid": "k", "k": SECRET_ENCODED});
    let start = |algorithm| {
        let clock = Arc::new(ManualClock::default());
        Jwks::start(
            ISSUER,
            JwksSource::File(file.clone()),
            settings(algorithm),
            &HttpClients::default(),
            clock,
        )
    };
    for set in [
        json!({"keys": [secret]}).to_string(),
        json!({"keys": [secret, secret, SECRET]}).to_string(),
        json!({"keys": [{"kty": "oct", "kid": "k", "k": SECRET_ENCODED, "alg": "HS512"}]})
            .to_string(),
        json!({"keys": [{"kty": "oct", "kid": "k", "k": SECRET_ENCODED, "use": "enc"}]})
            .to_string(),
        json!({"keys": [{"kty": "oct", "kid": "k", "k": "aHVudGVyMg"}]}).to_string(),
        json!({"keys": SECRET}).to_string(),
        json!({"keys": [{"kty": SECRET, "k": [SECRET]}]}).to_string(),
        format!("{{\"keys\":[],\"{SECRET}"),
        SECRET.to_owned(),
    ] {
        std::fs::write(&file, set).unwrap();
        for algorithm in [Algorithm::Hs256, Algorithm::Es256] {
            match start(algorithm) {
                Ok(jwks) => {
                    let keys = IssuerKeys::from(jwks);
                    assert_silent(&format!("{keys:?} {keys:#?}"));
                    let issuer = Issuer::new(keys, [].into());
                    assert_silent(&format!("{issuer:?}"));
                }
                Err(error) => assert_silent(&shown(&error)),
            }
        }
    }

    let scene = Scene::starting(Behaviour::Says("hunter2\r\n\r\n".to_owned())).await;
    assert_silent(&scene.refusal(&token(&key("hunter2"))).await);
    scene.server.behave(Behaviour::Serves(json!({"keys": "hunter2"}).to_string()));
    scene.clock.advance(Scene::COOLDOWN);
    assert_silent(&scene.refusal(&token(&key("hunter2"))).await);
    let url = format!("{}?code=hunter2", scene.server.url());
    scene.server.behave(Behaviour::Says(String::new()));
    let clock = Arc::new(ManualClock::default());
    let source = JwksSource::Url(url.parse().unwrap());
    let by_code = Jwks::start(
        ISSUER,
        source,
        settings(Algorithm::Es256),
        &HttpClients::default(),
        clock.clone(),
    )
    .unwrap();
    clock.until_asleep(1).await;
    assert_silent(&format!("{by_code:?}"));

    let log = log.text();
    assert_silent(&log);
    for said in [
        "the issuer's set of keys is new",
        "a key of the issuer's set is passed over",
        "the issuer's set has no key left",
        "the issuer's keys cannot be fetched",
        ISSUER,
    ] {
        assert!(log.contains(said), "{said:?} is not in {log}");
    }
}
