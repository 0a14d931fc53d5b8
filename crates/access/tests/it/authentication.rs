//! Whom a token stands for, and for how long.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Issuer, Signer};
use chats_testkit::memory::ManualClock;
use serde_json::json;

use crate::both_ways::BothWays;
use crate::scene::{ES256, INVALID_CLAIMS, ISSUER, Scene, UNKNOWN_ISSUER, tutor};
use crate::support::{ALGORITHMS, KeyFiles};

#[tokio::test]
async fn what_is_signed_with_an_algorithm_is_authenticated_with_it() {
    for algorithm in ALGORITHMS {
        let keys = KeyFiles::generate(algorithm);
        let clock = Arc::new(ManualClock::default());
        let account = tutor();
        let audiences = HashSet::from([account.audience().clone()]);
        let issuer = Issuer::new(keys.verification_key(algorithm), audiences);
        let issuers = BothWays::new(HashMap::from([(ISSUER.to_owned(), issuer)]), &clock);

        let signer = Signer::new(ISSUER.to_owned(), keys.signing_key(algorithm), clock);
        let token = signer.sign(&account, Duration::from_mins(5)).unwrap();
        assert_eq!(issuers.authenticate(&token).await.unwrap(), account);
    }
}

#[tokio::test]
async fn a_token_stands_for_its_sub_in_its_aud() {
    let scene = Scene::new();
    for (aud, audience) in [
        (json!("school.example.org"), "school.example.org"),
        (json!(["school.example.org"]), "school.example.org"),
        (json!("college.example.org"), "college.example.org"),
    ] {
        let token = scene.signed(ES256, &scene.claims_with("aud", aud));
        let account = scene.authenticate(&token).await.unwrap();
        assert_eq!(account.label(), "tutor-7");
        assert_eq!(account.audience().as_str(), audience);
    }
    let token = scene.signed(ES256, &scene.claims_with("sub", json!("tutor.7")));
    assert_eq!(scene.authenticate(&token).await.unwrap().label(), "tutor.7");
}

#[tokio::test]
async fn a_token_of_an_unknown_issuer_is_refused() {
    let scene = Scene::new();
    for iss in ["", "other", "https://issuer.example.org/", "HTTPS://ISSUER.EXAMPLE.ORG"] {
        let claims = scene.claims_with("iss", json!(iss));
        scene.refuses(&claims, UNKNOWN_ISSUER).await;
    }
    for iss in [json!([ISSUER]), json!(null), json!(1), json!({})] {
        let claims = scene.claims_with("iss", iss);
        scene.refuses(&claims, INVALID_CLAIMS).await;
    }
}

#[tokio::test]
async fn a_token_must_say_who_vouches_for_whom_and_how_long() {
    let scene = Scene::new();
    scene.refuses(&scene.claims_without("iss"), "has no `iss`").await;
    scene.refuses(&scene.claims_without("aud"), "has no `aud`").await;
    scene.refuses(&scene.claims_without("sub"), "has no `sub`").await;
    scene.refuses(&scene.claims_without("exp"), "has no `exp`").await;
}

#[tokio::test]
async fn an_issuer_speaks_for_its_audiences_alone() {
    let scene = Scene::new();
    for aud in [
        "evil.example.org",
        "SCHOOL.example.org",
        "school.example.org.",
        "school.example.or",
        "example.org",
        "*",
    ] {
        let reason = format!("is for the audience {aud}, for which its issuer may not speak");
        scene.refuses(&scene.claims_with("aud", json!(aud)), &reason).await;
    }
}

#[tokio::test]
async fn several_audiences_are_refused_even_if_each_is_allowed() {
    let scene = Scene::new();
    for aud in [
        json!(["school.example.org", "college.example.org"]),
        json!([]),
        json!({"school.example.org": true}),
        json!(null),
        json!(7),
    ] {
        scene.refuses(&scene.claims_with("aud", aud), INVALID_CLAIMS).await;
    }
}

#[tokio::test]
async fn an_account_keeps_the_rules_of_accounts() {
    let scene = Scene::new();
    for (sub, reason) in [
        ("", "is empty"),
        ("tutor 7", "holds white space"),
        ("tutor\u{0}7", "holds a control character"),
        ("tutor\n7", "holds a control character"),
        (&"t".repeat(256), "has more than 255 characters"),
    ] {
        let reason = format!("names an account that has a label that {reason}");
        scene.refuses(&scene.claims_with("sub", json!(sub)), &reason).await;
    }
    for sub in [json!(7), json!(null), json!(["tutor-7"]), json!({})] {
        scene.refuses(&scene.claims_with("sub", sub), INVALID_CLAIMS).await;
    }
    scene
        .refuses(
            &scene.claims_with("aud", json!("school.example.org ")),
            "names an account that has an audience that holds white space",
        )
        .await;
}

#[tokio::test]
async fn a_token_is_good_until_it_expires_and_a_leeway_longer() {
    let scene = Scene::new();
    let token = scene.token();
    scene.clock.advance(Duration::from_mins(5));
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    scene.clock.advance(Issuer::LEEWAY.saturating_sub(Duration::from_micros(1)));
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    scene.clock.advance(Duration::from_micros(1));
    assert_eq!(scene.refusal(&token).await, "has expired");
    scene.clock.advance(Duration::from_secs(1_000_000_000));
    assert_eq!(scene.refusal(&token).await, "has expired");
}

#[tokio::test]
async fn a_token_is_good_from_its_start_and_a_leeway_earlier() {
    let scene = Scene::new();
    let claims = scene.claims_with("nbf", json!(scene.now() + 60));
    scene.refuses(&claims, "is not valid yet").await;
    scene.clock.advance(Duration::from_secs(30).saturating_sub(Duration::from_micros(1)));
    scene.refuses(&claims, "is not valid yet").await;
    scene.clock.advance(Duration::from_micros(1));
    scene.accepts(&claims).await;
}

#[tokio::test]
async fn the_leeway_is_the_issuers() {
    let scene = Scene::with(|issuer| issuer.leeway = Duration::ZERO);
    let now = scene.now();
    scene.refuses(&scene.claims_with("exp", json!(now)), "has expired").await;
    scene.accepts(&scene.claims_with("exp", json!(now + 1))).await;
    scene.refuses(&scene.claims_with("nbf", json!(now + 1)), "is not valid yet").await;
    scene.accepts(&scene.claims_with("nbf", json!(now))).await;
}

#[tokio::test]
async fn an_issuer_may_be_excused_from_exp_but_what_it_writes_counts() {
    let scene = Scene::with(|issuer| issuer.requires_exp = false);
    let now = scene.now();
    scene.accepts(&scene.claims_without("exp")).await;
    scene.refuses(&scene.claims_with("exp", json!(now - 31)), "has expired").await;
    scene.refuses(&scene.claims_with("exp", json!(null)), INVALID_CLAIMS).await;
    scene.refuses(&scene.claims_with("exp", json!("soon")), INVALID_CLAIMS).await;
    let mut claims = scene.claims();
    claims.as_object_mut().unwrap().remove("exp");
    claims["nbf"] = json!(now + 31);
    scene.refuses(&claims.to_string(), "is not valid yet").await;
}

#[tokio::test]
async fn times_are_numbers_of_any_size() {
    let scene = Scene::new();
    let now = scene.now();
    for exp in [json!(now.to_string()), json!(null), json!(true), json!([now]), json!({})] {
        scene.refuses(&scene.claims_with("exp", exp), INVALID_CLAIMS).await;
    }
    for exp in [json!(0), json!(-1), json!(i64::MIN), json!(-1e300)] {
        scene.refuses(&scene.claims_with("exp", exp), "has expired").await;
    }
    for exp in [json!(i64::MAX), json!(u64::MAX), json!(1e300), json!(1.9e9)] {
        scene.accepts(&scene.claims_with("exp", exp)).await;
    }
    for nbf in [json!(i64::MAX), json!(u64::MAX), json!(1e300)] {
        scene.refuses(&scene.claims_with("nbf", nbf), "is not valid yet").await;
    }
    let beyond = scene.claims_with("exp", json!("EXP")).replace(r#""EXP""#, "1e400");
    scene.refuses(&beyond, INVALID_CLAIMS).await;
}

#[tokio::test]
async fn a_claim_that_stands_there_twice_is_refused() {
    let scene = Scene::new();
    for (claim, value) in [
        ("iss", json!("other")),
        ("iss", json!(ISSUER)),
        ("aud", json!("college.example.org")),
        ("aud", json!("school.example.org")),
        ("sub", json!("admin")),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(0)),
    ] {
        let claims = scene.claims_with("nbf", json!(0));
        let again = format!(r#"{},"{claim}":{value}}}"#, claims.trim_end_matches('}'));
        scene.refuses(&again, INVALID_CLAIMS).await;
        let before = format!(r#"{{"{claim}":{value},{}"#, claims.trim_start_matches('{'));
        scene.refuses(&before, INVALID_CLAIMS).await;
        // A name may be written with escapes, and is the same name.
        let escaped = format!("\\u{:04x}{}", claim.as_bytes()[0], &claim[1..]);
        let hidden = format!(r#"{},"{escaped}":{value}}}"#, claims.trim_end_matches('}'));
        scene.refuses(&hidden, INVALID_CLAIMS).await;
    }
}

#[tokio::test]
async fn claims_that_do_not_matter_here_may_be_anything() {
    let scene = Scene::new();
    for (claim, value) in [
        ("iat", json!("long ago")),
        ("jti", json!(null)),
        ("roles", json!(["tutor", {"of": [1, 2.5, "three"]}])),
    ] {
        scene.accepts(&scene.claims_with(claim, value)).await;
    }
}
