//! Tokens that are known again. That it makes no difference show the tests of the others, which ask both
//! ways; here is what the cache is for, and where it ends.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, Issuer, Issuers, Signer, TokenCache};
use chats_domain::ports::{Authenticator, Clock};
use chats_testkit::memory::ManualClock;
use serde_json::json;

use crate::both_ways::ask;
use crate::scene::{ES256, ISSUER, Scene, WRONG_SIGNATURE, message as message_of, sign, tutor};
use crate::support::KeyFiles;

/// How often a token was known, and how often not.
fn hits_and_misses(cache: &TokenCache) -> (u64, u64) {
    (cache.stats().hits, cache.stats().misses)
}

#[tokio::test]
async fn a_token_is_verified_once() {
    let scene = Scene::new();
    let cache = &scene.issuers.cached;
    let tokens = ["tutor-7", "tutor-8"]
        .map(|sub| scene.signed(ES256, &scene.claims_with("sub", json!(sub))));
    for _ in 0..5 {
        for (token, label) in tokens.iter().zip(["tutor-7", "tutor-8"]) {
            assert_eq!(ask(cache, token).await.unwrap().label(), label);
        }
    }
    assert_eq!(hits_and_misses(cache), (8, 2));
    assert_eq!(cache.stats().entries, 2);
}

#[tokio::test]
async fn it_is_known_until_its_end_and_not_a_microsecond_longer() {
    let scene = Scene::new();
    let cache = &scene.issuers.cached;
    let token = scene.token();
    assert_eq!(ask(cache, &token).await, Ok(tutor()));
    let lifetime = Duration::from_mins(5) + Issuer::LEEWAY;
    scene.clock.advance(lifetime.saturating_sub(Duration::from_micros(1)));
    assert_eq!(ask(cache, &token).await, Ok(tutor()));
    assert_eq!(hits_and_misses(cache), (1, 1));

    scene.clock.advance(Duration::from_micros(1));
    for _ in 0..2 {
        assert_eq!(ask(cache, &token).await, Err("has expired".to_owned()));
    }
    assert_eq!(hits_and_misses(cache), (1, 3));
    assert_eq!(cache.stats().entries, 0, "it went when it was met");
}

#[tokio::test]
async fn a_token_without_an_end_is_known_like_any_other() {
    let scene = Scene::with(|issuer| issuer.requires_exp = false);
    let cache = &scene.issuers.cached;
    let token = scene.signed(ES256, &scene.claims_without("exp"));
    for _ in 0..2 {
        assert_eq!(ask(cache, &token).await, Ok(tutor()));
        scene.clock.advance(Duration::from_secs(1_000_000_000));
    }
    assert_eq!(hits_and_misses(cache), (1, 1));
}

#[tokio::test]
async fn a_token_that_is_known_has_to_wait_for_its_start_when_the_clock_is_set_back() {
    let scene = Scene::new();
    let begin = scene.clock.now();
    let token = scene.signed(ES256, &scene.claims_with("nbf", json!(scene.now() + 60)));
    scene.clock.advance(Duration::from_mins(1));
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    scene.clock.set(begin);
    assert_eq!(scene.refusal(&token).await, "is not valid yet");
    scene.clock.advance(Duration::from_mins(1));
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
}

#[tokio::test]
async fn what_only_looks_like_a_known_token_is_verified_and_refused() {
    let scene = Scene::new();
    let cache = &scene.issuers.cached;
    let token = scene.token();
    assert_eq!(ask(cache, &token).await, Ok(tutor()));
    let (message, signature) = token.rsplit_once('.').unwrap();

    let stranger = sign(ES256, &scene.claims().to_string(), &KeyFiles::p256());
    let (same_message, other_signature) = stranger.rsplit_once('.').unwrap();
    assert_eq!(same_message, message);
    let other_message = message_of(ES256, &scene.claims_with("sub", json!("admin")));
    for (message, signature) in [(message, other_signature), (&other_message, signature)] {
        let forged = format!("{message}.{signature}");
        assert_eq!(ask(cache, &forged).await, Err(WRONG_SIGNATURE.to_owned()));
    }
    for forged in [message.to_owned(), format!("{message}."), format!("{token} ")] {
        assert!(ask(cache, &forged).await.is_err(), "{forged}");
    }
    assert_eq!(hits_and_misses(cache), (0, 6));
    assert_eq!(cache.stats().entries, 1);
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let scene = Scene::new();
    let cache = &scene.issuers.cached;
    let token = scene.signed(ES256, &scene.claims_with("nbf", json!(scene.now() + 60)));
    for _ in 0..2 {
        assert!(ask(cache, &token).await.is_err());
    }
    assert_eq!((hits_and_misses(cache), cache.stats().entries), ((0, 2), 0));
    scene.clock.advance(Duration::from_mins(1));
    assert_eq!(ask(cache, &token).await, Ok(tutor()));
}

#[tokio::test]
async fn what_is_too_long_for_a_token_is_not_even_looked_for() {
    let scene = Scene::new();
    let cache = &scene.issuers.cached;
    assert!(ask(cache, &"x".repeat(1 << 20)).await.is_err());
    assert_eq!(hits_and_misses(cache), (0, 0));
}

#[tokio::test]
async fn however_many_tokens_come_the_bound_holds() {
    const TOKENS: u32 = 100;
    let (keys, clock) = (KeyFiles::generate(Algorithm::Hs256), Arc::new(ManualClock::default()));
    let audiences = HashSet::from([tutor().audience().clone()]);
    let issuer = Issuer::new(keys.verification_key(Algorithm::Hs256), audiences);
    let issuers = Issuers::new(HashMap::from([(ISSUER.to_owned(), issuer)]), clock.clone());
    let cache = TokenCache::new(issuers, NonZeroU32::new(TOKENS).unwrap()).unwrap();

    let signer = Signer::new(ISSUER.to_owned(), keys.signing_key(Algorithm::Hs256), clock);
    for second in 1..=10 * TOKENS {
        let token = signer.sign(&tutor(), Duration::from_secs(second.into())).unwrap();
        for _ in 0..2 {
            assert_eq!(cache.authenticate(&token).await.unwrap(), tutor());
        }
        // The cache rounds up, by a little for each of its parts.
        assert!(cache.stats().entries <= 2 * TOKENS as usize, "{:?}", cache.stats());
    }
    assert_eq!(hits_and_misses(&cache), (u64::from(10 * TOKENS), u64::from(10 * TOKENS)));
    assert!(cache.stats().entries >= TOKENS as usize / 2, "{:?}", cache.stats());
}
