//! Which key a token is verified with.

use chats_access::Algorithm;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use futures_util::FutureExt;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::scene::{Scene, UNKNOWN_KEY, UNNAMED_KEY, claims, key, token};
use crate::scene::{MALFORMED, WRONG_ALGORITHM, WRONG_SIGNATURE, message, tutor};
use crate::support::KeyFiles;

#[tokio::test]
async fn a_token_is_verified_with_the_key_that_it_names() {
    let (first, second) = (key("first"), key("second"));
    let scene = Scene::with_keys(&[&first, &second]).await;
    assert_eq!(scene.authenticate(&token(&first)).await, Ok(tutor()));
    assert_eq!(scene.authenticate(&token(&second)).await, Ok(tutor()));

    let crossed = first.sign_as(Some("second"), &claims()).unwrap();
    assert_eq!(scene.refusal(&crossed).await, WRONG_SIGNATURE);
    assert_eq!(scene.server.requests(), 1, "a key that is at hand is not asked for");
}

#[tokio::test]
async fn a_key_at_hand_is_not_waited_for() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    scene.server.behave(Behaviour::Hangs);
    let token = token(&known);
    assert_eq!(scene.authenticate(&token).now_or_never(), Some(Ok(tutor())));
}

#[tokio::test]
async fn a_token_that_names_no_key_means_the_only_one() {
    for id in [Some("only"), None] {
        let only = IssuerKey::generate(id).unwrap();
        let scene = Scene::with_keys(&[&only]).await;
        let unnamed = only.sign_as(None, &claims()).unwrap();
        assert_eq!(scene.authenticate(&unnamed).await, Ok(tutor()));
        let forged = key("forger").sign_as(None, &claims()).unwrap();
        assert_eq!(scene.refusal(&forged).await, WRONG_SIGNATURE);
    }
}

#[tokio::test]
async fn a_token_that_names_no_key_is_refused_where_there_are_several() {
    for other in [Some("other"), None] {
        let (first, other) = (key("first"), IssuerKey::generate(other).unwrap());
        let scene = Scene::with_keys(&[&first, &other]).await;
        for key in [&first, &other] {
            let unnamed = key.sign_as(None, &claims()).unwrap();
            assert_eq!(scene.refusal(&unnamed).await, UNNAMED_KEY);
        }
        assert_eq!(scene.server.requests(), 1, "fetching them again would not tell");
    }
}

#[tokio::test]
async fn a_key_without_a_name_is_not_what_a_token_names() {
    let unnamed = IssuerKey::generate(None).unwrap();
    let scene = Scene::with_keys(&[&unnamed]).await;
    for id in ["", "null", "0"] {
        let token = unnamed.sign_as(Some(id), &claims()).unwrap();
        assert_eq!(scene.refusal(&token).await, UNKNOWN_KEY, "{id:?}");
    }
}

#[tokio::test]
async fn a_name_is_compared_and_nothing_else() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    let enormous = "k".repeat(5_000);
    for id in [
        "",
        " ",
        "unknown",
        "KNOWN",
        "known ",
        "known\0",
        "kno",
        "*",
        ".*",
        "../../../../../../dev/null",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://forger.example.org/jwks.json",
        "' OR 1=1 --",
        "known' UNION SELECT 'a",
        "$(id)",
        "%00",
        "é\u{202e}",
        &enormous,
    ] {
        let forged = key("forger").sign_as(Some(id), &claims()).unwrap();
        assert_eq!(scene.refusal(&forged).await, UNKNOWN_KEY, "{id:?}");
        // Not even the issuer itself can call its key so.
        let misnamed = known.sign_as(Some(id), &claims()).unwrap();
        assert_eq!(scene.refusal(&misnamed).await, UNKNOWN_KEY, "{id:?}");
    }
    assert_eq!(scene.authenticate(&token(&known)).await, Ok(tutor()));

    // A strange name is a name.
    for id in ["", "' OR 1=1 --", "../../../../../../dev/null", &enormous] {
        let strange = key(id);
        let scene = Scene::with_keys(&[&strange, &key("other")]).await;
        assert_eq!(scene.authenticate(&token(&strange)).await, Ok(tutor()), "{id:?}");
    }
}

#[tokio::test]
async fn a_name_is_a_string_and_stands_there_once() {
    let known = key("known");
    let scene = Scene::with_keys(&[&known]).await;
    for kid in ["null", "7", "true", r#"["known"]"#, r#"{"known":1}"#, r#""known","kid":"known""#] {
        let header = format!(r#"{{"alg":"ES256","kid":{kid}}}"#);
        let token = format!("{}.AAAA", message(&header, &claims().to_string()));
        assert_eq!(scene.refusal(&token).await, MALFORMED, "{kid}");
    }
    assert_eq!(scene.server.requests(), 1);
}

#[tokio::test]
async fn another_algorithm_is_refused_before_a_key_is_looked_for() {
    let scene = Scene::with_keys(&[&key("known")]).await;
    for algorithm in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        let header = json!({"alg": algorithm, "kid": "unknown"}).to_string();
        let token = format!("{}.AAAA", message(&header, &claims().to_string()));
        assert_eq!(scene.refusal(&token).await, WRONG_ALGORITHM, "{algorithm}");
    }
    assert_eq!(scene.server.requests(), 1);
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_never_used_nor_fetched() {
    let (known, forger) = (key("known"), key("forger"));
    let scene = Scene::with_keys(&[&known]).await;
    let set = serde_json::to_string(&jwks([&forger])).unwrap();
    let trap = JwksServer::start(Behaviour::Serves(set)).await.unwrap();

    let files = KeyFiles::p256();
    let own = EncodingKey::from_ec_pem(files.private.as_bytes()).unwrap();
    let jwk = Jwk::from_encoding_key(&own, jsonwebtoken::Algorithm::ES256).unwrap();
    let with = |kid: &str, change: fn(&mut Header, &str, &Jwk)| {
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(kid.to_owned());
        change(&mut header, &trap.url(), &jwk);
        encode(&header, &claims(), &own).unwrap()
    };
    let changes: [fn(&mut Header, &str, &Jwk); 4] = [
        |header, url, _| header.jku = Some(url.to_owned()),
        |header, url, _| header.x5u = Some(url.to_owned()),
        |header, _, jwk| header.jwk = Some(jwk.clone()),
        |header, _, _| header.x5c = Some(vec!["AAAA".to_owned()]),
    ];
    for change in changes {
        assert_eq!(scene.refusal(&with("known", change)).await, WRONG_SIGNATURE);
        assert_eq!(scene.refusal(&with("forger", change)).await, UNKNOWN_KEY);
    }
    assert_eq!(trap.requests(), 0);
}

#[tokio::test]
async fn keys_of_a_set_that_do_not_fit_are_passed_over_and_do_no_harm() {
    let known = key("known");
    let good = serde_json::to_value(known.jwk()).unwrap();
    let with = |member: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[member] = value;
        jwk
    };
    let without = |member: &str| {
        let mut jwk = good.clone();
        jwk.as_object_mut().unwrap().remove(member).unwrap();
        jwk
    };
    for (unfit, why) in [
        (with("use", json!("enc")), "another use"),
        (with("use", json!("SIG")), "another use"),
        (with("key_ops", json!(["sign"])), "other operations"),
        (with("key_ops", json!([])), "no operations"),
        (with("alg", json!("ES384")), "another algorithm"),
        (with("alg", json!("RS256")), "another algorithm"),
        (with("alg", json!("")), "another algorithm"),
        (with("crv", json!("P-384")), "another curve"),
        (with("crv", json!("secp256k1")), "another curve"),
        (with("kty", json!("RSA")), "another type"),
        (with("kty", json!("oct")), "another type"),
        (with("kty", json!("ec")), "another type"),
        (with("x", json!("AAAA")), "no point"),
        (with("x", json!("!")), "no number"),
        (with("d", json!("AAAA")), "private"),
        (with("kid", json!(7)), "a name that is none"),
        (without("kty"), "no type"),
        (without("crv"), "no curve"),
        (without("y"), "no point"),
        (json!({}), "nothing"),
        (json!([good.clone()]), "a list"),
        (json!(null), "null"),
        (json!("known"), "a string"),
    ] {
        let other = key("other");
        let scene = Scene::with_set(json!({"keys": [unfit, other.jwk()]})).await;
        assert_eq!(scene.refusal(&token(&known)).await, UNKNOWN_KEY, "{why}");
        assert_eq!(scene.authenticate(&token(&other)).await, Ok(tutor()), "{why}");
        // It does not count as a key that an unnamed token could mean, either.
        let unnamed = other.sign_as(None, &claims()).unwrap();
        assert_eq!(scene.authenticate(&unnamed).await, Ok(tutor()), "{why}");
    }
    for fit in [
        without("alg"),
        with("use", json!("sig")),
        with("key_ops", json!(["verify"])),
        with("key_ops", json!(["sign", "verify"])),
        with("x5c", json!(["AAAA"])),
        with("other", json!({"a": [1]})),
    ] {
        let scene = Scene::with_set(json!({"keys": [fit.clone()], "other": 1})).await;
        assert_eq!(scene.authenticate(&token(&known)).await, Ok(tutor()), "{fit}");
    }
}

#[tokio::test]
async fn of_two_keys_of_one_name_the_first_counts() {
    let (first, second) = (key("same"), key("same"));
    let scene = Scene::with_keys(&[&first, &second]).await;
    assert_eq!(scene.authenticate(&token(&first)).await, Ok(tutor()));
    assert_eq!(scene.refusal(&token(&second)).await, WRONG_SIGNATURE);
}

#[tokio::test]
async fn one_key_is_used_whatever_a_token_calls_it() {
    let scene = crate::scene::Scene::new();
    let claims = scene.claims().to_string();
    for kid in ["", "unknown", "../../../../dev/null", "' OR 1=1 --"] {
        let header = json!({"alg": Algorithm::Es256.as_str(), "kid": kid}).to_string();
        assert_eq!(scene.authenticate(&scene.signed(&header, &claims)).await, Ok(tutor()));
    }
}
