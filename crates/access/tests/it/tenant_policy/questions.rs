//! What the tenant is asked, and as whom.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chats_access::{Algorithm, Issuer, Issuers, TenantPolicySettings};
use chats_domain::ports::{AccessPolicy, Action, Authenticator, Clock, Object};
use chats_domain::values::Account;
use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Value, json};

use super::tenant::Tenant;
use super::{CHAT, STRANGER, School, TUTOR, account, assert_allowed, assert_denied, settings};

#[tokio::test]
async fn the_question_is_the_platforms_to_the_byte() {
    let tenant = Tenant::start().await;
    let school = School::of(&tenant);
    let chat = Object::Chat(CHAT.into());
    for (object, action, expected) in [
        (
            chat,
            Action::Read,
            concat!(
                r#"{"subject":{"namespace":"school.example.org","value":"tutor-7"},"#,
                r#""object":{"namespace":"chats.svc.example.org","#,
                r#""value":["classrooms","0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11"]},"action":"read"}"#
            ),
        ),
        (
            Object::Chats,
            Action::Create,
            concat!(
                r#"{"subject":{"namespace":"school.example.org","value":"tutor-7"},"#,
                r#""object":{"namespace":"chats.svc.example.org","value":["classrooms"]},"#,
                r#""action":"create"}"#
            ),
        ),
    ] {
        let tutor = account(TUTOR);
        let asking = school.may(&tutor, object, action);
        let (_, ()) = tokio::join!(asking, async {
            let asked = tenant.asked().await;
            assert_eq!(asked.body, expected);
            assert!(asked.head.starts_with("POST /authz HTTP/1.1\r\n"), "{}", asked.head);
            assert_eq!(asked.header("content-type"), "application/json");
            asked.answer("200 OK", "[]").await;
        });
    }
}

#[tokio::test]
async fn an_account_of_another_audience_is_asked_about_under_its_own() {
    let tenant = Tenant::start().await;
    let school = School::of(&tenant);
    let dotted = Account::new("tutor-7.school", "example.org".parse().unwrap()).unwrap();
    for (who, namespace, label) in [
        (account(STRANGER), "stranger.example.org", "somebody"),
        (account(TUTOR), "school.example.org", "tutor-7"),
        // Written like the one above, and yet another account.
        (dotted, "example.org", "tutor-7.school"),
    ] {
        let asking = school.may(&who, Object::Chats, Action::Read);
        let (answer, ()) = tokio::join!(asking, async {
            let asked = tenant.asked().await;
            let question: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(question["subject"], json!({"namespace": namespace, "value": label}));
            asked.answer("200 OK", r#"["read"]"#).await;
        });
        assert_allowed(&answer);
    }
}

#[tokio::test]
async fn we_come_with_a_token_for_this_tenant_alone() {
    let tenant = Tenant::start().await;
    let school = School::of(&tenant);
    let (_, token) = tokio::join!(school.may_read(TUTOR), token_of_next(&tenant));
    let now = school.clock.now().as_unix_seconds();
    assert_eq!(
        insecure_decode::<Value>(&token).unwrap().claims,
        json!({
            "iss": "iam.example.org",
            "aud": "svc.example.org:school.example.org",
            "sub": "chats",
            "iat": now,
            "exp": now + 300,
        })
    );

    let both = "svc.example.org:school.example.org".parse().unwrap();
    let key = school.keys.verification_key(Algorithm::Es256);
    let issuer = Issuer::new(key, HashSet::from([both]));
    let known = HashMap::from([("iam.example.org".to_owned(), issuer)]);
    let issuers = Issuers::new(known, school.clock.clone());
    assert_eq!(issuers.authenticate(&token).await.unwrap().label(), "chats");
}

#[tokio::test]
async fn the_token_is_renewed_before_it_runs_out() {
    let tenant = Tenant::start().await;
    let never = Duration::ZERO;
    let settings =
        TenantPolicySettings { cache_yes: never, cache_no: never, ..settings(&tenant.uri()) };
    let school = School::with(settings);
    let (_, first) = tokio::join!(school.may_read(TUTOR), token_of_next(&tenant));
    let (_, second) = tokio::join!(school.may_read(TUTOR), token_of_next(&tenant));
    assert_eq!(first, second);
    school.clock.advance(Duration::from_mins(3));
    let (_, third) = tokio::join!(school.may_read(TUTOR), token_of_next(&tenant));
    assert_ne!(second, third);
}

#[tokio::test]
async fn whom_the_audience_trusts_is_not_asked_about() {
    let tenant = Tenant::start().await;
    let lookalike = Account::new("tutor-7.school", "example.org".parse().unwrap()).unwrap();
    let trusted = HashSet::from([account(TUTOR), account(STRANGER)]);
    let school = School::with(TenantPolicySettings { trusted, ..settings(&tenant.uri()) });
    for who in [TUTOR, STRANGER] {
        for (object, action) in
            [(Object::Chats, Action::Create), (Object::Chat(CHAT.into()), Action::Read)]
        {
            assert_allowed(&school.may(&account(who), object, action).await);
        }
    }
    assert!(!tenant.was_called().await);

    let asking = school.may(&lookalike, Object::Chats, Action::Read);
    let (answer, ()) = tokio::join!(asking, tenant.allow("[]"));
    assert_denied(&answer);
}

#[tokio::test]
async fn a_tenant_may_be_found_by_name_and_asked_with_a_query() {
    let tenant = Tenant::start().await;
    let uri = format!("{}?a=b%20c", tenant.uri().replace("127.0.0.1", "localhost"));
    let school = School::with(settings(&uri));
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), async {
        let asked = tenant.asked().await;
        assert!(asked.head.starts_with("POST /authz?a=b%20c HTTP/1.1\r\n"), "{}", asked.head);
        asked.answer("200 OK", r#"["read"]"#).await;
    });
    assert_allowed(&answer);
}

#[tokio::test]
async fn another_audience_is_none_of_this_tenants_business() {
    let tenant = Tenant::start().await;
    let school = School::of(&tenant);
    let other = "other.example.org".parse().unwrap();
    let answer =
        school.policies.authorize(&account(TUTOR), &other, Object::Chats, Action::Read).await;
    assert_denied(&answer);
    assert!(!tenant.was_called().await);
}

/// Denies the next question, and tells the token that it came with.
async fn token_of_next(tenant: &Tenant) -> String {
    let asked = tenant.asked().await;
    let token = asked.header("authorization").strip_prefix("Bearer ").unwrap().to_owned();
    asked.answer("200 OK", "[]").await;
    token
}
