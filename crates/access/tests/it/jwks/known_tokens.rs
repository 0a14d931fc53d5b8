//! Tokens that are known again, while keys come and go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, Issuer, IssuerKeys};
use chats_testkit::jwks::Behaviour;
use serde_json::json;

use super::scene::{NO_KEYS, Scene, UNKNOWN_KEY, claims, key, token};
use crate::both_ways::{BothWays, ask};
use crate::scene::{ES256, ISSUER, sign, tutor};
use crate::support::KeyFiles;

fn hits_and_misses(issuers: &BothWays) -> (u64, u64) {
    let stats = issuers.cached.stats();
    (stats.hits, stats.misses)
}

#[tokio::test]
async fn a_known_token_is_refused_as_soon_as_its_key_has_left_the_set() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old, &new]).await;
    let (old_token, new_token) = (token(&old), token(&new));
    for token in [&old_token, &new_token, &old_token, &new_token] {
        assert_eq!(ask(&scene.issuers.cached, token).await, Ok(tutor()));
    }
    assert_eq!(hits_and_misses(&scene.issuers), (2, 2));

    scene.serve(&[&new]);
    scene.refresh().await;
    assert_eq!(ask(&scene.issuers.cached, &old_token).await, Err(UNKNOWN_KEY.to_owned()));
    // The other one is verified anew, and is known from then on.
    for _ in 0..2 {
        assert_eq!(ask(&scene.issuers.cached, &new_token).await, Ok(tutor()));
    }
    assert_eq!(hits_and_misses(&scene.issuers), (3, 4));
    assert_eq!(scene.issuers.cached.stats().entries, 1);
}

#[tokio::test]
async fn a_token_that_another_ones_key_revoked_is_refused() {
    // Here the set is fetched not of our own accord, but for a token with an unknown key.
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    let old_token = token(&old);
    assert_eq!(scene.authenticate(&old_token).await, Ok(tutor()));
    scene.serve(&[&new]);
    assert_eq!(scene.authenticate(&old_token).await, Ok(tutor()), "nobody knows yet");
    assert_eq!(scene.authenticate(&token(&new)).await, Ok(tutor()));
    assert_eq!(scene.refusal(&old_token).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn a_key_of_the_same_name_does_not_save_a_token() {
    let (first, second) = (key("same"), key("same"));
    let scene = Scene::with_keys(&[&first]).await;
    assert_eq!(scene.authenticate(&token(&first)).await, Ok(tutor()));
    scene.serve(&[&second]);
    scene.refresh().await;
    assert!(scene.authenticate(&token(&first)).await.is_err());
    // Nor does it come back but with its key.
    scene.serve(&[&first]);
    scene.refresh().await;
    assert_eq!(scene.authenticate(&token(&first)).await, Ok(tutor()));
}

#[tokio::test]
async fn a_fetch_that_brings_nothing_new_ends_nothing() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    let token = token(&known);
    assert_eq!(ask(&scene.issuers.cached, &token).await, Ok(tutor()));
    scene.refresh().await;
    assert_eq!(ask(&scene.issuers.cached, &token).await, Ok(tutor()));
    assert_eq!(hits_and_misses(&scene.issuers), (1, 1));
}

#[tokio::test]
async fn a_known_token_is_refused_while_the_set_is_too_old() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    let token = token(&known);
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    scene.server.behave(Behaviour::Says(String::new()));
    scene.clock.advance(Scene::MAX_AGE.saturating_sub(Duration::from_micros(1)));
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    scene.clock.advance(Duration::from_micros(1));
    assert_eq!(scene.refusal(&token).await, NO_KEYS);

    scene.serve(&[&known]);
    scene.clock.advance(Scene::COOLDOWN);
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
}

#[tokio::test]
async fn one_issuers_set_is_none_of_anothers_business() {
    let (old, new, others) = (key("old"), key("new"), KeyFiles::p256());
    let scene = Scene::with_keys(&[&old]).await;
    let issuer = |keys| Issuer::new(keys, HashSet::from([tutor().audience().clone()]));
    let by_name = HashMap::from([
        (ISSUER.to_owned(), issuer(IssuerKeys::Set(Arc::clone(&scene.jwks)))),
        ("other".to_owned(), issuer(others.verification_key(Algorithm::Es256).into())),
    ]);
    let issuers = BothWays::new(by_name, &scene.clock);

    let mut others_claims = claims();
    others_claims["iss"] = json!("other");
    let (own_token, others_token) = (token(&old), sign(ES256, &others_claims.to_string(), &others));
    for token in [&own_token, &others_token] {
        assert_eq!(ask(&issuers.cached, token).await, Ok(tutor()));
    }
    scene.serve(&[&new]);
    scene.refresh().await;
    assert_eq!(ask(&issuers.cached, &others_token).await, Ok(tutor()));
    assert_eq!(hits_and_misses(&issuers), (1, 2));
    assert_eq!(ask(&issuers.cached, &own_token).await, Err(UNKNOWN_KEY.to_owned()));
}
