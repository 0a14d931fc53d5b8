//! Tokens of our own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, Identity, Issuer, Issuers, Signer};
use chats_domain::ports::{Authenticator, Clock};
use chats_domain::values::Account;
use chats_testkit::memory::ManualClock;
use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Value, json};

use crate::support::KeyFiles;

const ISSUER: &str = "chats.svc.example.org";
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const MICROSECOND: Duration = Duration::from_micros(1);
const JUST_UNDER_HALF: Duration = Duration::from_micros(149_999_999);

/// We ourselves, with keys whose signatures differ each time: equal tokens are the same token.
struct Scene {
    clock: Arc<ManualClock>,
    keys: KeyFiles,
    identity: Identity,
}

impl Scene {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let keys = KeyFiles::p256();
        let key = keys.signing_key(Algorithm::Es256);
        let signer = Signer::new(ISSUER.to_owned(), key, clock.clone());
        Self { identity: Identity::new(signer, ourselves()), clock, keys }
    }

    fn token(&self) -> String {
        self.identity.token().unwrap()
    }
}

fn ourselves() -> Account {
    "chats.svc.example.org".parse().unwrap()
}

#[test]
fn a_token_says_who_from_now_on_for_its_lifetime() {
    let scene = Scene::new();
    scene.clock.advance(Duration::from_millis(999));
    let token = insecure_decode::<Value>(scene.token()).unwrap();
    let now = scene.clock.now().as_unix_seconds();
    assert_eq!(
        token.claims,
        json!({
            "iss": "chats.svc.example.org",
            "aud": "svc.example.org",
            "sub": "chats",
            "iat": now,
            "exp": now + 300,
        })
    );
    assert_eq!(token.header.alg, jsonwebtoken::Algorithm::ES256);
    assert_eq!(token.header.typ.as_deref(), Some("JWT"));
}

#[test]
fn a_token_is_used_again_until_half_of_its_life_is_over() {
    let scene = Scene::new();
    let first = scene.token();
    assert_eq!(scene.token(), first);
    scene.clock.advance(JUST_UNDER_HALF);
    assert_eq!(scene.token(), first);
    scene.clock.advance(MICROSECOND);
    let second = scene.token();
    assert_ne!(second, first);
    assert_eq!(scene.token(), second);
}

#[tokio::test]
async fn whenever_a_token_is_asked_for_it_is_good_for_half_its_life() {
    let scene = Scene::new();
    let issuer = Issuer {
        leeway: Duration::ZERO,
        ..Issuer::new(
            scene.keys.verification_key(Algorithm::Es256),
            HashSet::from([ourselves().audience().clone()]),
        )
    };
    let later = Arc::new(ManualClock::default());
    let issuers = Issuers::new(HashMap::from([(ISSUER.to_owned(), issuer)]), later.clone());

    for _ in 0..50 {
        scene.clock.advance(Duration::from_secs(37));
        let token = scene.token();
        for after in [Duration::ZERO, JUST_UNDER_HALF] {
            later.set(scene.clock.now().plus(after));
            assert_eq!(issuers.authenticate(&token).await.unwrap(), ourselves());
        }
    }
}

#[test]
fn a_token_from_before_the_clock_was_set_back_is_not_used_again() {
    let scene = Scene::new();
    let before = scene.clock.now();
    scene.clock.advance(FIVE_MINUTES);
    let of_the_future = scene.token();
    scene.clock.set(before);
    assert_ne!(scene.token(), of_the_future);
}

#[test]
fn all_threads_use_the_same_token() {
    let scene = Scene::new();
    let tokens: HashSet<String> = std::thread::scope(|threads| {
        let asking: Vec<_> = (0..16).map(|_| threads.spawn(|| scene.token())).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(tokens.len(), 1);
}

#[test]
fn a_token_can_be_signed_for_any_account() {
    let clock = Arc::new(ManualClock::default());
    let key = KeyFiles::ed25519().signing_key(Algorithm::EdDsa);
    let signer = Signer::new(ISSUER.to_owned(), key, clock.clone());
    let tutor: Account = "tutor-7.school.example.org".parse().unwrap();

    let token = signer.sign(&tutor, Duration::from_hours(1)).unwrap();
    let claims = insecure_decode::<Value>(token).unwrap().claims;
    assert_eq!(claims["sub"], "tutor-7");
    assert_eq!(claims["aud"], "school.example.org");
    assert_eq!(claims["exp"], clock.now().as_unix_seconds() + 3600);

    let for_ever = signer.sign(&tutor, Duration::MAX).unwrap();
    let claims = insecure_decode::<Value>(for_ever).unwrap().claims;
    assert_eq!(claims["exp"], i64::MAX / 1_000_000);
}
