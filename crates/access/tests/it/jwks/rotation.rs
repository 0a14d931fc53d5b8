//! Keys come and go.

use std::sync::Arc;
use std::time::Duration;

use chats_testkit::jwks::{Behaviour, IssuerKey, jwks};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use super::scene::{Scene, UNKNOWN_KEY, claims, key, token};
use crate::both_ways::ask;
use crate::scene::tutor;

#[tokio::test]
async fn a_new_key_is_fetched_for_the_first_token_that_names_it() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    scene.serve(&[&old, &new]);
    assert_eq!(scene.authenticate(&token(&new)).await, Ok(tutor()));
    assert_eq!(scene.server.requests(), 2);
    assert_eq!(scene.authenticate(&token(&old)).await, Ok(tutor()));
}

#[tokio::test]
async fn all_that_meet_a_new_key_share_one_fetch() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    scene.server.behave(Behaviour::Hangs);
    let waiting: Vec<_> = (0..100).map(|_| spawn(&scene, token(&new))).collect();
    scene.server.until_requests(2).await;
    scene.serve(&[&old, &new]);
    for authenticated in join_all(waiting).await {
        assert_eq!(authenticated.unwrap(), Ok(()));
    }
    assert_eq!(scene.server.requests(), 2);
}

#[tokio::test]
async fn a_key_that_left_the_set_stops_working() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old, &new]).await;
    scene.serve(&[&new]);
    assert_eq!(scene.authenticate(&token(&old)).await, Ok(tutor()), "nobody knows yet");
    scene.refresh().await;
    assert_eq!(scene.refusal(&token(&old)).await, UNKNOWN_KEY);
    assert_eq!(scene.authenticate(&token(&new)).await, Ok(tutor()));

    // A name stands for whatever key has it now.
    let (named_new, named_old) = (key("new"), token(&new));
    scene.serve(&[&named_new]);
    scene.refresh().await;
    assert!(scene.authenticate(&named_old).await.is_err());
    assert_eq!(scene.authenticate(&token(&named_new)).await, Ok(tutor()));
}

#[tokio::test]
async fn a_set_without_keys_lets_nobody_in() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    scene.serve(&[]);
    scene.refresh().await;
    assert_eq!(scene.refusal(&token(&known)).await, UNKNOWN_KEY);
    let unnamed = known.sign_as(None, &claims()).unwrap();
    assert_eq!(scene.refusal(&unnamed).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_makes_one_fetch_in_a_cool_down() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    let forger = key("forger");
    let flood = |round: usize| {
        let tokens = (0..200).map(|n| format!("{round}-{n}"));
        let tokens = tokens.map(|id| forger.sign_as(Some(&id), &claims()).unwrap());
        tokens.map(|token| spawn(&scene, token)).collect::<Vec<_>>()
    };
    for round in 0..3 {
        scene.server.behave(Behaviour::Hangs);
        let waiting = flood(round);
        scene.server.until_requests(round + 2).await;
        // Whoever has a good token does not even notice.
        let good = token(&known);
        assert_eq!(scene.authenticate(&good).now_or_never(), Some(Ok(tutor())));
        scene.serve(&[&known]);
        for authenticated in join_all(waiting).await {
            assert_eq!(authenticated.unwrap(), Err(UNKNOWN_KEY.to_owned()));
        }

        // From now on they are refused at once.
        scene.server.behave(Behaviour::Hangs);
        scene.clock.advance(Scene::COOLDOWN.saturating_sub(Duration::from_micros(1)));
        for authenticated in join_all(flood(round)).await {
            assert_eq!(authenticated.unwrap(), Err(UNKNOWN_KEY.to_owned()));
        }
        assert_eq!(scene.server.requests(), round + 2);
        scene.clock.advance(Duration::from_micros(1));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_prolong_the_cool_down() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    assert_eq!(scene.refusal(&token(&key("unknown"))).await, UNKNOWN_KEY);
    let before = chats_domain::ports::Clock::now(&*scene.clock).as_unix_micros() - 1;
    scene.clock.set(chats_domain::values::Timestamp::from_unix_micros(before));
    assert_eq!(scene.refusal(&token(&key("unknown"))).await, UNKNOWN_KEY);
    assert_eq!(scene.server.requests(), 3);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_prolong_the_life_of_a_set() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    scene.serve(&[&new]);
    let before = chats_domain::ports::Clock::now(&*scene.clock).as_unix_micros() - 1;
    scene.clock.set(chats_domain::values::Timestamp::from_unix_micros(before));
    assert_eq!(scene.jwks.generation(), None);
    assert_eq!(scene.refusal(&token(&old)).await, UNKNOWN_KEY, "the set was fetched anew");
    assert_eq!(scene.authenticate(&token(&new)).await, Ok(tutor()));
    assert_eq!(scene.server.requests(), 2);
}

#[tokio::test]
async fn the_order_of_a_set_makes_no_new_generation() {
    let unnamed = || IssuerKey::generate(None).unwrap();
    let (one, other, third) = (unnamed(), unnamed(), unnamed());
    let named = [key("first"), key("second")];
    let set = |keys: [&IssuerKey; 4], broken: [&str; 2]| {
        let mut set = serde_json::to_value(jwks(keys)).unwrap();
        let all = set["keys"].as_array_mut().unwrap();
        all.extend(broken.map(|kid| json!({"kty": "oct", "k": "AAAA", "kid": kid})));
        set
    };
    let [first, second] = &named;
    let scene = Scene::with_set(set([first, &one, second, &other], ["x", "y"])).await;
    for (keys, broken, generation) in [
        ([second, &other, first, &one], ["x", "y"], 1),
        ([&other, &one, first, second], ["y", "x"], 1),
        // What is of no use changes nothing, either.
        ([first, second, &one, &other], ["y", "z"], 1),
        ([first, second, &one, &third], ["y", "z"], 2),
        ([first, second, &one, &one], ["y", "z"], 3),
    ] {
        scene.server.behave(Behaviour::Serves(set(keys, broken).to_string()));
        scene.refresh().await;
        assert_eq!(scene.jwks.generation(), Some(generation), "{broken:?}");
    }
}

#[tokio::test]
async fn a_change_of_the_set_and_nothing_else_makes_a_new_generation() {
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    scene.refresh().await;
    assert_eq!(scene.jwks.generation(), Some(1));
    scene.serve(&[&old, &new]);
    scene.refresh().await;
    assert_eq!(scene.jwks.generation(), Some(2));
    scene.server.behave(Behaviour::Serves("broken".to_owned()));
    scene.refresh().await;
    assert_eq!(scene.jwks.generation(), Some(2));
    scene.clock.advance(Scene::MAX_AGE);
    assert_eq!(scene.jwks.generation(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_no_good_token_is_refused_and_no_revoked_one_accepted() {
    const CALLERS: usize = 8;
    let (old, new) = (key("old"), key("new"));
    let scene = Scene::with_keys(&[&old]).await;
    let (old_token, new_token) = (token(&old), token(&new));

    // The new key comes: both are good, from the first token on.
    let callers: Vec<_> = (0..CALLERS).map(|_| accepted(&scene, &old_token, 50)).collect();
    scene.serve(&[&old, &new]);
    let more: Vec<_> = (0..CALLERS).map(|_| accepted(&scene, &new_token, 50)).collect();
    for caller in callers.into_iter().chain(more) {
        caller.await.unwrap();
    }

    // The old one goes, some time while everybody calls: from then on it is refused.
    let revoked: Vec<_> = (0..CALLERS).map(|_| until_refused(&scene, &old_token)).collect();
    let callers: Vec<_> = (0..CALLERS).map(|_| accepted(&scene, &new_token, 200)).collect();
    scene.serve(&[&new]);
    scene.refresh().await;
    assert_eq!(scene.refusal(&old_token).await, UNKNOWN_KEY);
    for caller in callers.into_iter().chain(revoked) {
        caller.await.unwrap();
    }
}

/// A caller whose token is good each time.
fn accepted(scene: &Scene, token: &str, times: usize) -> JoinHandle<()> {
    let (issuers, token) = (Arc::clone(&scene.issuers), token.to_owned());
    tokio::spawn(async move {
        for _ in 0..times {
            assert_eq!(issuers.authenticate(&token).await, Ok(tutor()));
            tokio::task::yield_now().await;
        }
    })
}

/// A caller whose token is good until it is not, and then never again, neither way.
fn until_refused(scene: &Scene, token: &str) -> JoinHandle<()> {
    let (issuers, token) = (Arc::clone(&scene.issuers), token.to_owned());
    tokio::spawn(async move {
        while ask(&issuers.cached, &token).await.is_ok() {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            assert_eq!(issuers.authenticate(&token).await, Err(UNKNOWN_KEY.to_owned()));
        }
    })
}

fn spawn(scene: &Scene, token: String) -> JoinHandle<Result<(), String>> {
    let issuers = Arc::clone(&scene.issuers);
    tokio::spawn(async move { issuers.authenticate(&token).await.map(drop) })
}
