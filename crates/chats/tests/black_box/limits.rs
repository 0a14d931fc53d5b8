//! How much an account and an audience may ask.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Database, Deployment};

const TUTOR_7: &str = "tutor-7.school.example.org";
const CHAT: &str = "/api/v1/audiences/school.example.org/chats/lesson-42";

/// A token comes back after hours: while a test runs, none does.
const PER_ACCOUNT: &str = r#"{ requests = 3, per = "24h" }"#;
const PER_AUDIENCE: &str = r#"{ requests = 4, per = "24h" }"#;

async fn limited(account: Option<&str>, audience: Option<&str>) -> Deployment {
    let setting = |key: &str, quota: Option<&str>| {
        quota.map_or(String::new(), |quota| format!("{key} = {quota}\n"))
    };
    let (account, audience) = (setting("account", account), setting("audience", audience));
    let limits = format!("[limits]\n{account}{audience}");
    Deployment::with(Database::Sqlite, &limits).await
}

async fn read(deployment: &Deployment, account: &str) -> Answer {
    let request = deployment.anonymous(Method::GET, CHAT);
    Answer::of(request.bearer_auth(Deployment::token(account)).send().await.unwrap()).await
}

#[tokio::test]
async fn an_account_that_asks_too_much_is_told_when_to_come_back() {
    let deployment = limited(Some(PER_ACCOUNT), None).await;
    let made = deployment.create("lesson-42", None).await;
    made.chat(201);
    let policy = r#""account";q=3;w=86400"#;
    assert_eq!(made.header("ratelimit-policy"), policy);
    assert_eq!(made.header("ratelimit"), r#""account";r=2;t=57600"#);

    let read = deployment.read_by_scope("lesson-42").await;
    read.chat(200);
    assert_eq!(read.header("ratelimit"), r#""account";r=1;t=28800"#);
    let missing = deployment.read_by_scope("lesson-43").await;
    missing.problem(404, "chat_not_found");
    assert_eq!(missing.header("ratelimit"), r#""account";r=0;t=28800"#);

    for (method, path) in [
        (Method::GET, CHAT),
        (Method::GET, "/api/v1/chats/7"),
        (Method::POST, "/api/v1/chats"),
        (Method::POST, "/api/v1/chats/convert"),
    ] {
        // Neither the path nor the body was looked at.
        let request = deployment.request(method, path);
        let refused = Answer::of(request.send().await.unwrap()).await;
        refused.problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), policy);
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert!((28_700..=28_800).contains(&seconds), "{seconds}");
        assert_eq!(refused.header("ratelimit"), format!(r#""account";r=0;t={seconds}"#));
    }
}

#[tokio::test]
async fn accounts_have_quotas_of_their_own_and_share_that_of_their_audience() {
    let deployment = limited(Some(PER_ACCOUNT), Some(PER_AUDIENCE)).await;
    for left in [2, 1, 0] {
        let answer = read(&deployment, TUTOR_7).await;
        answer.problem(404, "chat_not_found");
        let fields = answer.header("ratelimit");
        assert!(fields.starts_with(&format!(r#""account";r={left};t="#)), "{fields}");
        assert!(fields.contains(&format!(r#", "audience";r={};t="#, left + 1)), "{fields}");
    }
    // What is refused to the account is not taken from the audience.
    for _ in 0..3 {
        read(&deployment, TUTOR_7).await.problem(429, "rate_limited");
    }
    let tutor_8 = "tutor-8.school.example.org";
    read(&deployment, tutor_8).await.problem(403, "access_denied");
    let refused = read(&deployment, tutor_8).await;
    let problem = refused.problem(429, "rate_limited");
    assert!(problem["detail"].as_str().unwrap().contains("audience"), "{problem}");

    // An account of another audience is not hindered, even in the same place.
    read(&deployment, "tutor-8.other.example.org").await.problem(403, "access_denied");
}

#[tokio::test]
async fn a_request_without_a_good_token_spends_nothing() {
    let deployment = limited(Some(PER_ACCOUNT), Some(PER_AUDIENCE)).await;
    for _ in 0..10 {
        let request = deployment.anonymous(Method::GET, CHAT).bearer_auth("x");
        let refused = Answer::of(request.send().await.unwrap()).await;
        refused.problem(401, "authentication_failed");
        assert!(!refused.headers.contains_key("ratelimit"));
        assert!(!refused.headers.contains_key("ratelimit-policy"));
    }
    read(&deployment, TUTOR_7).await.problem(404, "chat_not_found");
}

#[tokio::test]
async fn a_request_that_is_refused_changes_nothing() {
    let deployment = limited(Some(r#"{ requests = 1, per = "24h" }"#), None).await;
    let body = json!({"audience": "open.example.org", "scope": "lesson-42"});
    deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
    deployment.post("/api/v1/chats", &body).await.problem(429, "rate_limited");
    assert!(deployment.rooms(None).await.is_empty());
}

#[tokio::test]
async fn of_many_requests_at_once_no_more_are_let_in_than_the_quota_has() {
    let deployment = limited(Some(r#"{ requests = 20, per = "24h" }"#), None).await;
    let reads = (0..64).map(|_| read(&deployment, TUTOR_7));
    let answers = futures_util::future::join_all(reads).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(404), count(429)), (20, 44));
}

#[tokio::test]
async fn nothing_is_limited_or_told_of_limits_unless_that_is_configured() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for _ in 0..200 {
        let answer = read(&deployment, TUTOR_7).await;
        answer.problem(404, "chat_not_found");
        assert!(!answer.headers.contains_key("ratelimit"));
        assert!(!answer.headers.contains_key("ratelimit-policy"));
    }
}
