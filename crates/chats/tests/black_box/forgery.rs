//! Tokens that are none, by every way we know to forge one.

use chats_testkit::jwks::{Behaviour, JwksServer, sign_text_with_secret};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Deployment, Forger};

#[tokio::test]
async fn a_token_that_says_it_needs_no_signature_is_refused() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let token = forger.signed(&json!({"alg": none}).to_string(), &claims);
        let (message, _) = token.rsplit_once('.').unwrap();
        for signature in ["", ".", ".AA"] {
            forger.refuses(&format!("{message}{signature}")).await;
        }
        forger.refuses(&token).await;
    }
    let token = forger.signed(Forger::HEADER, &claims);
    let (message, _) = token.rsplit_once('.').unwrap();
    forger.refuses(&format!("{message}.")).await;
    forger.takes(&token).await;
}

#[tokio::test]
async fn the_public_key_is_no_secret() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    let pem = forger.key.public_pem();
    for secret in [pem, pem.trim(), &pem.replace('\n', "\r\n"), ""] {
        for header in [r#"{"alg":"HS256"}"#, Forger::HEADER] {
            let token = sign_text_with_secret(header, &claims, secret.as_bytes()).unwrap();
            forger.refuses(&token).await;
        }
    }
}

#[tokio::test]
async fn the_issuer_says_how_tokens_are_signed_and_not_the_token() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"ES384"}"#,
        r#"{"alg":"es256"}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"{"alg":"none","\u0061lg":"ES256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"["ES256"]"#,
        "{}",
    ] {
        forger.refuses(&forger.signed(header, &claims)).await;
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    forger.refuses(&forger.stranger.sign_text(Forger::HEADER, &claims).unwrap()).await;
    // Nor does the signature of another token help.
    let token = forger.signed(Forger::HEADER, &claims);
    let (_, signature) = token.rsplit_once('.').unwrap();
    let other = forger.signed(Forger::HEADER, &Forger::claims_with("sub", json!("admin")));
    let (message, _) = other.rsplit_once('.').unwrap();
    forger.refuses(&format!("{message}.{signature}")).await;
}

#[tokio::test]
async fn a_token_counts_as_its_issuers_alone() {
    let forger = Forger::new().await;
    // Of the last two the service knows the one, and is the other.
    for iss in ["", "other", "forged.example.org.", "iam.example.org", "svc.example.org"] {
        forger.refuses_claims(&Forger::claims_with("iss", json!(iss))).await;
    }
    for iss in [json!(null), json!(7), json!([Forger::ISSUER]), json!({})] {
        forger.refuses_claims(&Forger::claims_with("iss", iss)).await;
    }
    forger.refuses_claims(&without("iss")).await;
}

#[tokio::test]
async fn an_issuer_speaks_for_its_own_audiences_alone() {
    let forger = Forger::new().await;
    for aud in [
        json!("other.example.org"),
        json!("SCHOOL.example.org"),
        json!("school.example.org."),
        json!("school.example.org:other.example.org"),
        json!("*"),
        json!(""),
        json!(["school.example.org", "example.org"]),
        json!(["school.example.org", "other.example.org"]),
        json!([]),
        json!(null),
        json!({"school.example.org": true}),
    ] {
        forger.refuses_claims(&Forger::claims_with("aud", aud)).await;
    }
    forger.refuses_claims(&without("aud")).await;
}

#[tokio::test]
async fn a_token_has_an_end_and_ends() {
    let forger = Forger::new().await;
    let now = Forger::now();
    for exp in [
        json!(now - 60),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(-1e300),
        json!((now + 600).to_string()),
        json!([now + 600]),
        json!(true),
        json!(null),
    ] {
        forger.refuses_claims(&Forger::claims_with("exp", exp)).await;
    }
    forger.refuses_claims(&without("exp")).await;
    let beyond = Forger::claims_with("exp", json!("EXP")).replace("\"EXP\"", "1e400");
    forger.refuses_claims(&beyond).await;
    for exp in [json!(i64::MAX), json!(u64::MAX), json!(1e300)] {
        forger.takes(&forger.signed(Forger::HEADER, &Forger::claims_with("exp", exp))).await;
    }
}

#[tokio::test]
async fn a_token_does_not_count_before_its_time() {
    let forger = Forger::new().await;
    for nbf in [json!(Forger::now() + 600), json!(u64::MAX), json!(1e300), json!("0"), json!(null)]
    {
        forger.refuses_claims(&Forger::claims_with("nbf", nbf)).await;
    }
}

#[tokio::test]
async fn a_claim_that_stands_there_twice_is_refused() {
    let forger = Forger::new().await;
    let claims = Forger::claims_with("nbf", json!(0));
    for (claim, value) in [
        ("iss", json!("iam.example.org")),
        ("aud", json!("example.org")),
        ("sub", json!("admin")),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(0)),
    ] {
        let escaped = format!("\\u{:04x}{}", claim.as_bytes()[0], &claim[1..]);
        for name in [claim, &escaped] {
            let after = format!(r#"{},"{name}":{value}}}"#, claims.trim_end_matches('}'));
            let before = format!(r#"{{"{name}":{value},{}"#, claims.trim_start_matches('{'));
            forger.refuses_claims(&after).await;
            forger.refuses_claims(&before).await;
        }
    }
}

#[tokio::test]
async fn a_token_that_asks_for_extensions_is_refused() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    for header in [
        r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
    ] {
        forger.refuses(&forger.signed(header, &claims)).await;
    }
    // Claims that are not encoded are no claims, whether the header says so or not (RFC 7797).
    for header in [r#"{"alg":"ES256","b64":false}"#, Forger::HEADER] {
        let token = forger.signed(header, &claims);
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.rsplit_once('.').unwrap();
        forger.refuses(&format!("{head}.{claims}.{signature}")).await;
    }
}

#[tokio::test]
async fn a_key_is_looked_for_by_its_name_and_in_no_other_way() {
    let forger = Forger::with_a_set().await;
    let claims = Forger::claims().to_string();
    let signed_as = |kid: &Value| {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        [forger.signed(&header, &claims), forger.stranger.sign_text(&header, &claims).unwrap()]
    };
    for kid in [
        json!("unknown"),
        json!("KNOWN"),
        json!("known\u{0}"),
        json!(""),
        json!("*"),
        json!("../../../../dev/null"),
        json!("/proc/self/environ"),
        json!("known' OR '1'='1"),
        json!("'; DROP TABLE chat; --"),
        json!("${jndi:ldap://127.0.0.1/a}"),
        json!("k".repeat(4_000)),
        json!(null),
        json!(7),
        json!(["known"]),
    ] {
        for token in signed_as(&kid) {
            forger.refuses(&token).await;
        }
    }
    let [rightful, of_stranger] = signed_as(&json!("known"));
    forger.takes(&rightful).await;
    forger.refuses(&of_stranger).await;
}

#[tokio::test]
async fn a_key_that_a_token_brings_along_is_neither_used_nor_fetched() {
    let forger = Forger::with_a_set().await;
    let trap = JwksServer::start(Behaviour::Serves(
        serde_json::to_string(&chats_testkit::jwks::jwks([&forger.stranger])).unwrap(),
    ))
    .await
    .unwrap();
    let claims = Forger::claims().to_string();
    for (name, value) in [
        ("jku", json!(trap.url())),
        ("x5u", json!(trap.url())),
        ("jwk", serde_json::to_value(forger.stranger.jwk()).unwrap()),
        ("x5c", json!(["AAAA"])),
    ] {
        for kid in ["known", "unknown"] {
            let header = json!({"alg": "ES256", "kid": kid, name: value}).to_string();
            forger.refuses(&forger.stranger.sign_text(&header, &claims).unwrap()).await;
        }
        let header = json!({"alg": "ES256", "kid": "known", name: value}).to_string();
        forger.takes(&forger.signed(&header, &claims)).await;
    }
    assert_eq!(trap.requests(), 0);
    assert!(forger.keys.is_some_and(|keys| keys.requests() <= 2), "at the start and once asked");
}

#[tokio::test]
async fn no_size_and_no_depth_does_harm() {
    let forger = Forger::new().await;
    let claims = Forger::claims().to_string();
    let deep = format!("{}{}", "[".repeat(2_500), "]".repeat(2_500));
    for claim in ["iss", "aud", "sub", "exp", "nbf"] {
        let claims = Forger::claims_with(claim, json!("DEEP")).replace("\"DEEP\"", &deep);
        forger.refuses_claims(&claims).await;
    }
    for length in [8_000, 20_000] {
        let padded = Forger::claims_with("padding", json!("x".repeat(length)));
        forger.refuses_claims(&padded).await;
    }
    for sub in ["", "tutor 7", "tutor\u{0}7", &"t".repeat(256)] {
        forger.refuses_claims(&Forger::claims_with("sub", json!(sub))).await;
    }
    forger.takes(&forger.signed(Forger::HEADER, &claims)).await;
}

#[tokio::test]
async fn a_token_comes_in_its_header_and_nowhere_else() {
    let deployment = Forger::new().await.deployment;
    let token = Deployment::token("tutor-7.school.example.org");
    let path = "/api/v1/audiences/school.example.org/chats/lesson-42";
    let get = |path: &str| deployment.anonymous(Method::GET, path);
    let form = deployment
        .anonymous(Method::POST, "/api/v1/chats")
        .header("content-type", "application/x-www-form-urlencoded");
    for request in [
        get(&format!("{path}?access_token={token}")),
        get(&format!("{path}?token={token}")),
        get(&format!("{path}?authorization=Bearer%20{token}")),
        get(path).header("cookie", format!("access_token={token}; authorization=Bearer {token}")),
        get(path).header("proxy-authorization", format!("Bearer {token}")),
        get(path).header("x-authorization", format!("Bearer {token}")),
        get(path).header("x-access-token", &token),
        get(path).basic_auth("", Some(&token)),
        form.body(format!("access_token={token}")),
    ] {
        let answer = Forger::send(request).await;
        answer.problem(401, "authentication_failed");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="chats""#);
    }
}

fn without(claim: &str) -> String {
    let mut claims = Forger::claims();
    claims.as_object_mut().unwrap().remove(claim).unwrap();
    claims.to_string()
}
