//! What is no token of an issuer's, by every way we know to forge one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chats_access::{Algorithm, Issuer, MAX_TOKEN_BYTES, Signer};
use chats_testkit::memory::ManualClock;
use jsonwebtoken::EncodingKey;
use serde_json::json;

use crate::both_ways::BothWays;
use crate::scene::{
    ES256, INVALID_CLAIMS, ISSUER, MALFORMED, Scene, WRONG_ALGORITHM, WRONG_SIGNATURE, message,
    sign, sign_with, tutor,
};
use crate::support::{ALGORITHMS, KeyFiles};

#[tokio::test]
async fn a_token_of_one_algorithm_is_refused_where_another_is_configured() {
    for signs in ALGORITHMS {
        for verifies in ALGORITHMS {
            let clock = Arc::new(ManualClock::default());
            let keys = KeyFiles::generate(verifies);
            let audiences = HashSet::from([tutor().audience().clone()]);
            let issuer = Issuer::new(keys.verification_key(verifies), audiences);
            let by_name = HashMap::from([(ISSUER.to_owned(), issuer)]);
            let issuers = BothWays::new(by_name, &clock);

            let other_key = KeyFiles::generate(signs).signing_key(signs);
            let signer = Signer::new(ISSUER.to_owned(), other_key, clock);
            let token = signer.sign(&tutor(), Duration::from_mins(5)).unwrap();
            let expected = if signs == verifies { WRONG_SIGNATURE } else { WRONG_ALGORITHM };
            let refusal = issuers.authenticate(&token).await.unwrap_err();
            assert_eq!(refusal, expected, "{signs} to {verifies}");
        }
    }
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let scene = Scene::new();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let message =
            message(&json!({"alg": none, "typ": "JWT"}).to_string(), &scene.claims().to_string());
        for signature in ["", "AA"] {
            let token = format!("{message}.{signature}");
            assert_eq!(scene.refusal(&token).await, WRONG_ALGORITHM);
        }
    }
    let message = message(ES256, &scene.claims().to_string());
    assert_eq!(scene.refusal(&format!("{message}.")).await, WRONG_SIGNATURE);
    assert_eq!(scene.refusal(&message).await, MALFORMED);
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    let scene = Scene::new();
    let der = pem::parse(&scene.keys.public).unwrap().into_contents();
    let claims = scene.claims().to_string();
    for secret in [
        scene.keys.public.as_bytes(),
        scene.keys.public.trim().as_bytes(),
        &der,
        &der[der.len() - 65..],
    ] {
        let key = EncodingKey::from_secret(secret);
        for header in [r#"{"alg":"HS256"}"#, ES256] {
            let token = sign_with(header, &claims, &key, jsonwebtoken::Algorithm::HS256);
            let expected = if header == ES256 { WRONG_SIGNATURE } else { WRONG_ALGORITHM };
            assert_eq!(scene.refusal(&token).await, expected);
        }
    }
}

#[tokio::test]
async fn the_algorithm_of_the_header_never_counts() {
    let scene = Scene::new();
    let claims = scene.claims().to_string();
    for algorithm in ["ES384", "HS384", "RS256", "PS256", "EdDSA", "es256", "ES256 ", ""] {
        let token = scene.signed(&json!({"alg": algorithm}).to_string(), &claims);
        assert_eq!(scene.refusal(&token).await, WRONG_ALGORITHM, "{algorithm}");
    }
    for header in [
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","alg":"HS256"}"#,
        r#"{"alg":null}"#,
        r#"{"Alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"typ":"JWT"}"#,
        "{}",
        "[]",
        r#"["ES256"]"#,
        r#""ES256""#,
        "",
    ] {
        let token = scene.signed(header, &claims);
        assert_eq!(scene.refusal(&token).await, MALFORMED, "{header}");
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let scene = Scene::new();
    let token = sign(ES256, &scene.claims().to_string(), &KeyFiles::p256());
    assert_eq!(scene.refusal(&token).await, WRONG_SIGNATURE);
}

#[tokio::test]
async fn one_issuer_cannot_sign_for_another() {
    let clock = Arc::new(ManualClock::default());
    let (keys, other_keys) = (KeyFiles::p256(), KeyFiles::p256());
    let issuer = |keys: &KeyFiles| {
        Issuer::new(
            keys.verification_key(Algorithm::Es256),
            HashSet::from([tutor().audience().clone()]),
        )
    };
    let by_name = HashMap::from([
        (ISSUER.to_owned(), issuer(&keys)),
        ("other".to_owned(), issuer(&other_keys)),
    ]);
    let issuers = BothWays::new(by_name, &clock);

    let key = other_keys.signing_key(Algorithm::Es256);
    let forged = Signer::new(ISSUER.to_owned(), key.clone(), clock.clone());
    let token = forged.sign(&tutor(), Duration::from_mins(1)).unwrap();
    assert_eq!(issuers.authenticate(&token).await.unwrap_err(), WRONG_SIGNATURE);

    let rightful = Signer::new("other".to_owned(), key, clock);
    let token = rightful.sign(&tutor(), Duration::from_mins(1)).unwrap();
    assert_eq!(issuers.authenticate(&token).await.unwrap(), tutor());
}

#[tokio::test]
async fn a_key_in_the_header_is_never_used() {
    let scene = Scene::new();
    let claims = scene.claims().to_string();
    let stranger = KeyFiles::p256();
    let point = pem::parse(&stranger.public).unwrap().into_contents();
    let (x, y) = point[point.len() - 64..].split_at(32);
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("http://forger.example.org/keys.json")),
        ("x5u", json!("http://forger.example.org/certificate.pem")),
        ("x5c", json!(["AAAA"])),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
    ] {
        let header = json!({"alg": "ES256", name: value}).to_string();
        let forged = sign(&header, &claims, &stranger);
        assert_eq!(scene.refusal(&forged).await, WRONG_SIGNATURE, "{header}");
        let rightful = scene.signed(&header, &claims);
        assert_eq!(scene.authenticate(&rightful).await, Ok(tutor()), "{header}");
    }
}

#[tokio::test]
async fn a_token_that_asks_for_extensions_is_refused() {
    let scene = Scene::new();
    for header in [
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
    ] {
        let token = scene.signed(header, &scene.claims().to_string());
        assert_eq!(scene.refusal(&token).await, "asks for extensions in `crit`");
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let scene = Scene::new();
    let token = scene.token();
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts");
    };
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "\u{0}.\u{0}.\u{0}",
        "é.é.é",
        &format!("{header}.{claims}"),
        &format!("{token}."),
        &format!(".{token}"),
        &format!("{header}..{claims}.{signature}"),
        &format!("{header}.{claims}.{signature}.{signature}"),
        &format!("{header}.{claims}.{signature}.."),
        &format!(" {token}"),
        &format!("{token}\n"),
        &format!("{token}="),
        &format!("Bearer {token}"),
        &format!("{header}.!{claims}.{signature}"),
        &format!("{header}.{claims}.!"),
        &format!("{header}.{claims}=.{signature}"),
        &format!("{claims}.{header}.{signature}"),
        &format!("{}.{claims}.{signature}", header.to_lowercase()),
    ] {
        assert_eq!(scene.refusal(token).await, MALFORMED, "{token:?}");
    }
    let lower_case = format!("{header}.{}.{signature}", claims.to_lowercase());
    assert_eq!(scene.refusal(&lower_case).await, INVALID_CLAIMS);
}

#[tokio::test]
async fn claims_are_a_json_object() {
    let scene = Scene::new();
    let positional = json!([ISSUER, "school.example.org", "tutor-7", i64::MAX, 0]).to_string();
    for claims in
        ["", "null", "7", "[]", &positional, r#""""#, "{", r#"{"iss":"#, "{}{}", "\u{feff}{}"]
    {
        scene.refuses(claims, INVALID_CLAIMS).await;
    }
    scene.refuses("{}", "has no `iss`").await;
    scene.accepts(&format!(" \n{} ", scene.claims())).await;
}

#[tokio::test]
async fn no_depth_of_nesting_does_harm() {
    let scene = Scene::new();
    let deep = format!("{}{}", "[".repeat(2500), "]".repeat(2500));
    let with_deep = |claim| scene.claims_with(claim, json!("DEEP")).replace(r#""DEEP""#, &deep);
    scene.accepts(&with_deep("other")).await;
    for claim in ["iss", "aud", "sub", "exp", "nbf"] {
        scene.refuses(&with_deep(claim), INVALID_CLAIMS).await;
    }
}

#[tokio::test]
async fn a_token_that_was_changed_anywhere_is_refused() {
    let scene = Scene::new();
    let token = scene.token();
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));
    for position in 0..token.len() {
        let change = if &token[position..=position] == "A" { "B" } else { "A" };
        let mut changed = token.clone();
        changed.replace_range(position..=position, change);
        assert!(scene.authenticate(&changed).await.is_err(), "{changed}");
        changed.truncate(position);
        assert!(scene.authenticate(&changed).await.is_err(), "{changed}");
    }
}

#[tokio::test]
async fn the_signature_of_another_token_is_refused() {
    let scene = Scene::new();
    let token = scene.token();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let other = message(ES256, &scene.claims_with("sub", json!("admin")));
    let forged = format!("{other}.{signature}");
    assert_eq!(scene.refusal(&forged).await, WRONG_SIGNATURE);
}

#[tokio::test]
async fn a_token_has_at_most_8_kib() {
    let scene = Scene::new();
    let padded = |characters: usize| {
        let padding = "x".repeat(characters);
        scene.signed(ES256, &scene.claims_with("padding", json!(padding)))
    };
    let token = (5500..MAX_TOKEN_BYTES)
        .map(padded)
        .find(|token| token.len() >= MAX_TOKEN_BYTES - 1)
        .unwrap();
    assert!(token.len() <= MAX_TOKEN_BYTES);
    assert_eq!(scene.authenticate(&token).await, Ok(tutor()));

    for long in ["x".repeat(MAX_TOKEN_BYTES + 1), padded(10_000)] {
        assert_eq!(scene.refusal(&long).await, "is longer than 8192 bytes");
    }
}

#[tokio::test]
async fn a_reason_does_not_repeat_what_an_unverified_token_says() {
    let scene = Scene::new();
    let forger = KeyFiles::p256();
    for claim in ["iss", "aud", "sub", "exp", "nbf", "other"] {
        let claims = scene.claims_with(claim, json!("FORGED\nline"));
        let token = sign(ES256, &claims, &forger);
        assert!(!scene.refusal(&token).await.contains("FORGED"));
    }
    for header in [r#"{"alg":"FORGED\nline"}"#, r#"{"alg":"ES256","typ":["FORGED"]}"#] {
        let token = sign(header, &scene.claims().to_string(), &forger);
        assert!(!scene.refusal(&token).await.contains("FORGED"));
    }
}
