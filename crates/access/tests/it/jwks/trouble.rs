//! The server is slow, down, or not itself.

use std::time::Duration;

use chats_testkit::jwks::{Behaviour, JwksServer};
use futures_util::FutureExt;

use super::scene::{NO_KEYS, Scene, UNKNOWN_KEY, key, token};
use crate::log::Log;
use crate::scene::tutor;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_server_that_is_slow_at_the_start_is_waited_for() {
    let known = key("known");
    let scene = Scene::starting(Behaviour::Hangs).await;
    let token = token(&known);
    let (authenticated, ()) = tokio::join!(scene.authenticate(&token), async {
        scene.server.until_requests(1).await;
        assert_eq!(scene.jwks.generation(), None);
        scene.serve(&[&known]);
    });
    assert_eq!(authenticated, Ok(tutor()));
    assert_eq!(scene.server.requests(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_and_left_alone() {
    let known = key("known");
    let scene = Scene::with_timeout(Behaviour::Hangs, SHORT).await;
    assert_eq!(scene.refusal(&token(&known)).await, NO_KEYS);
    let requests = scene.server.requests();
    assert_eq!(scene.authenticate(&token(&known)).now_or_never(), Some(Err(NO_KEYS.to_owned())));
    assert_eq!(scene.server.requests(), requests);

    // It is asked again of our own accord, and sooner than if it had answered.
    scene.serve(&[&known]);
    scene.clock.until_asleep(1).await;
    scene.clock.advance(Scene::COOLDOWN);
    assert_eq!(scene.authenticate(&token(&known)).await, Ok(tutor()));
}

#[tokio::test]
async fn a_server_that_is_down_does_no_harm_while_the_keys_are_fresh_enough() {
    let known = key("known");
    let Scene { server, clock, jwks, issuers } = Scene::with_keys(&[&known]).await;
    let authenticate = async |key| issuers.authenticate(&token(key)).await.map(drop);
    let unknown = key("unknown");
    let address = server.address();
    drop(server);

    assert_eq!(authenticate(&unknown).await, Err(UNKNOWN_KEY.to_owned()));
    clock.advance(Scene::MAX_AGE.saturating_sub(Duration::from_micros(1)));
    assert_eq!(authenticate(&known).now_or_never(), Some(Ok(())));
    assert_eq!(authenticate(&unknown).await, Err(UNKNOWN_KEY.to_owned()));

    clock.advance(Duration::from_micros(1));
    assert_eq!(jwks.generation(), None);
    assert_eq!(authenticate(&known).await, Err(NO_KEYS.to_owned()));

    let set = chats_testkit::jwks::jwks([&known]);
    let set = Behaviour::Serves(serde_json::to_string(&set).unwrap());
    let _server = JwksServer::start_at(address, set).await.unwrap();
    clock.advance(Scene::COOLDOWN);
    assert_eq!(authenticate(&known).await, Ok(()));
    assert_eq!(jwks.generation(), Some(1), "the set is still the same");
}

#[tokio::test]
async fn what_is_no_set_changes_nothing() {
    let known = key("known");
    let forger = key("forger");
    let trap = chats_testkit::jwks::jwks([&known, &forger]);
    let trap = serde_json::to_string(&trap).unwrap();
    let elsewhere = JwksServer::start(Behaviour::Serves(trap.clone())).await.unwrap();
    let serves = |body: &str| Behaviour::Serves(body.to_owned());
    let answers = |status: &str, more: &str| {
        let length = trap.len();
        Behaviour::Says(format!(
            "HTTP/1.1 {status}\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{trap}"
        ))
    };
    let scene = Scene::with_keys(&[&known]).await;
    for wrong in [
        serves(""),
        serves("{}"),
        serves("[]"),
        serves("null"),
        serves("<html>"),
        serves(r#"{"keys":1}"#),
        serves(r#"{"keys":{}}"#),
        serves(r#"{"keys":null}"#),
        serves(r#"{"keys":[]"#),
        serves(r#"{"keys":[],"keys":[]}"#),
        serves(&format!(r#"{{"keys":{}"#, "[".repeat(100_000))),
        serves(&trap[..trap.len() - 1]),
        serves(&format!("{trap}{trap}")),
        serves(&format!("{trap}{}", " ".repeat(256 * 1024))),
        answers("500 Internal Server Error", ""),
        answers("404 Not Found", ""),
        answers("201 Created", ""),
        answers("203 Non-Authoritative Information", ""),
        answers("302 Found", &format!("location: {}\r\n", elsewhere.url())),
        answers("307 Temporary Redirect", &format!("location: {}\r\n", elsewhere.url())),
        Behaviour::Says(String::new()),
        Behaviour::Says("SSH-2.0-OpenSSH_9.6\r\n".to_owned()),
        Behaviour::Says(format!("HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n{trap}")),
        Behaviour::Says("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n".into()),
        Behaviour::Floods,
    ] {
        scene.server.behave(wrong.clone());
        let requests = scene.server.requests();
        scene.clock.advance(Scene::COOLDOWN);
        assert_eq!(scene.refusal(&token(&forger)).await, UNKNOWN_KEY, "{wrong:?}");
        assert!(scene.server.requests() > requests, "{wrong:?}");
        assert_eq!(scene.authenticate(&token(&known)).await, Ok(tutor()), "{wrong:?}");
        assert_eq!(scene.jwks.generation(), Some(1), "{wrong:?}");
        // Keep them fresh.
        scene.serve(&[&known]);
        scene.refresh().await;
    }
    assert_eq!(elsewhere.requests(), 0, "redirects are not followed");
}

#[tokio::test]
async fn a_set_may_be_long_but_not_longer_than_that() {
    let (known, late) = (key("known"), key("late"));
    let padded = |length: usize| {
        let mut set = serde_json::to_string(&chats_testkit::jwks::jwks([&known, &late])).unwrap();
        set.push_str(&" ".repeat(length - set.len()));
        Behaviour::Serves(set)
    };
    let scene = Scene::with_keys(&[&known]).await;
    scene.server.behave(padded(256 * 1024 + 1));
    scene.refresh().await;
    assert_eq!(scene.jwks.generation(), Some(1));
    scene.server.behave(padded(256 * 1024));
    scene.refresh().await;
    assert_eq!(scene.jwks.generation(), Some(2));
    assert_eq!(scene.authenticate(&token(&late)).await, Ok(tutor()));
}

#[tokio::test]
async fn nobody_fetches_a_set_that_nobody_can_want() {
    let Scene { server, clock, jwks, issuers } = Scene::with_keys(&[&key("known")]).await;
    drop((jwks, issuers));
    // The clock is the last thing that whoever fetches lets go of.
    while std::sync::Arc::strong_count(&clock) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_server_that_stays_down_is_warned_of_when_that_is_news() {
    let log = Log::default();
    let _guard = log.takes_all();
    let count = |words: &str| log.text().lines().filter(|line| line.contains(words)).count();
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    let fails_for = async |time: Duration| {
        let mut passed = Duration::ZERO;
        while passed < time {
            let requests = scene.server.requests();
            scene.clock.advance(Scene::REFRESH);
            passed += Scene::REFRESH;
            scene.server.until_requests(requests + 1).await;
            scene.clock.until_asleep(1).await;
        }
    };
    scene.server.behave(Behaviour::Says(String::new()));
    fails_for(Scene::MAX_AGE.saturating_sub(Scene::REFRESH)).await;
    assert_eq!(count("WARN"), 1, "{}", log.text());
    fails_for(Scene::MAX_AGE).await;
    assert_eq!(count("WARN"), 2, "{}", log.text());
    assert_eq!(count("its tokens do not count meanwhile"), 1);
    assert!(count("still cannot be fetched") > 10);

    scene.serve(&[&known]);
    scene.refresh().await;
    assert_eq!(count("can be fetched again"), 1);
    scene.server.behave(Behaviour::Says(String::new()));
    fails_for(Scene::REFRESH).await;
    assert_eq!(count("WARN"), 3, "{}", log.text());
}
