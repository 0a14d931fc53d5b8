//! Which pages may use the API, and the other headers that browsers heed.

use reqwest::Method;

use crate::support::{Answer, Database, Deployment};

const APP: &str = "https://app.example.org";
const OTHER_APP: &str = "http://localhost:3000";
const READS: [&str; 2] = [
    "/api/v1/chats/00000000-0000-0000-0000-000000000007",
    "/api/v1/audiences/school.example.org/chats/lesson-42",
];
const POSTS: [&str; 2] = ["/api/v1/chats", "/api/v1/chats/convert"];

async fn open_to_apps() -> Deployment {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let origins = format!(r#"["{APP}", "{OTHER_APP}"]"#);
    deployment.start_with(&[("CHATS_HTTP__CORS_ORIGINS", &origins)]);
    deployment
}

/// What a browser asks before it lets a page of `origin` send a request.
async fn preflight(deployment: &Deployment, path: &str, origin: &str, method: &str) -> Answer {
    let request = deployment
        .anonymous(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,if-none-match");
    Answer::of(request.send().await.unwrap()).await
}

/// A request that a page of `origin` sends, with a token.
async fn from_page(deployment: &Deployment, method: Method, path: &str, origin: &str) -> Answer {
    let request = deployment.request(method, path).header("origin", origin);
    Answer::of(request.send().await.unwrap()).await
}

#[track_caller]
fn is_not_shared(answer: &Answer) {
    for name in answer.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"), "{name}");
    }
}

#[tokio::test]
async fn a_page_of_a_configured_origin_may_read() {
    let deployment = open_to_apps().await;
    deployment.create("lesson-42", None).await.chat(201);
    for origin in [APP, OTHER_APP] {
        for path in READS {
            let preflight = preflight(&deployment, path, origin, "GET").await;
            assert_eq!((preflight.status, preflight.text.as_str()), (204, ""));
            assert_eq!(preflight.header("access-control-allow-origin"), origin);
            assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD");
            let headers = preflight.header("access-control-allow-headers");
            assert_eq!(headers, "authorization, content-type, if-none-match, x-request-id");
            assert_eq!(preflight.header("access-control-max-age"), "7200");
            assert_eq!(preflight.header("vary"), "Origin");
            assert!(!preflight.headers.contains_key("access-control-allow-credentials"));
        }
        let read = from_page(&deployment, Method::GET, READS[1], origin).await;
        read.chat(200);
        assert_eq!(read.header("access-control-allow-origin"), origin);
        assert_eq!(read.header("vary"), "Origin");
        let exposed = read.header("access-control-expose-headers");
        for name in ["etag", "x-request-id", "retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(exposed.split(", ").any(|it| it == name), "{name}");
        }
        assert!(!read.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_page_may_see_the_errors_of_what_it_asked() {
    let deployment = open_to_apps().await;
    let no_token = deployment.anonymous(Method::GET, READS[0]).header("origin", APP);
    let no_token = Answer::of(no_token.send().await.unwrap()).await;
    no_token.problem(401, "authentication_failed");
    let not_found = from_page(&deployment, Method::GET, READS[0], APP).await;
    not_found.problem(404, "chat_not_found");
    let invalid = from_page(&deployment, Method::GET, "/api/v1/chats/7", APP).await;
    invalid.problem(400, "invalid_parameter");
    for answer in [no_token, not_found, invalid] {
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        assert_eq!(answer.header("vary"), "Origin");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_told_nothing() {
    let deployment = open_to_apps().await;
    deployment.create("lesson-42", None).await.chat(201);
    for origin in [
        "https://app.example.org.evil.example",
        "https://evil.example",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://APP.example.org",
        "https://app.example.org/",
        "null",
        "",
    ] {
        let read = from_page(&deployment, Method::GET, READS[1], origin).await;
        read.chat(200);
        is_not_shared(&read);
        assert_eq!(read.header("vary"), "Origin", "nobody keeps it for those who may");
        let preflight = preflight(&deployment, READS[1], origin, "GET").await;
        preflight.problem(405, "method_not_allowed");
        is_not_shared(&preflight);
    }
    let twice = deployment.request(Method::GET, READS[1]).header("origin", APP);
    let twice = Answer::of(twice.header("origin", OTHER_APP).send().await.unwrap()).await;
    is_not_shared(&twice);
}

#[tokio::test]
async fn no_page_may_post() {
    let deployment = open_to_apps().await;
    for path in POSTS {
        let preflight = preflight(&deployment, path, APP, "POST").await;
        preflight.problem(405, "method_not_allowed");
        is_not_shared(&preflight);
        is_not_shared(&from_page(&deployment, Method::POST, path, APP).await);
    }
    // Nor does a preflight of a read promise anything else.
    for method in ["POST", "DELETE"] {
        let preflight = preflight(&deployment, READS[0], APP, method).await;
        assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD");
    }
}

#[tokio::test]
async fn an_options_that_is_no_preflight_is_a_wrong_method() {
    let deployment = open_to_apps().await;
    for path in READS {
        let request = deployment.request(Method::OPTIONS, path);
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.problem(405, "method_not_allowed");
        is_not_shared(&answer);
        let answer = from_page(&deployment, Method::OPTIONS, path, APP).await;
        answer.problem(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn no_page_may_do_anything_unless_its_origin_is_configured() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for path in READS.into_iter().chain(POSTS) {
        let preflight = preflight(&deployment, path, APP, "GET").await;
        preflight.problem(405, "method_not_allowed");
        is_not_shared(&preflight);
    }
    let read = from_page(&deployment, Method::GET, READS[0], APP).await;
    is_not_shared(&read);
    assert!(!read.headers.contains_key("vary"));
}

#[tokio::test]
async fn no_answer_is_kept_without_asking_again_or_taken_for_a_page() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let made = deployment.create("lesson-42", None).await;
    let read = deployment.read_by_scope("lesson-42").await;
    let unchanged =
        deployment.request(Method::GET, READS[1]).header("if-none-match", read.header("etag"));
    let unchanged = Answer::of(unchanged.send().await.unwrap()).await;
    assert_eq!(unchanged.status, 304);
    let not_found = deployment.read_by_scope("lesson-43").await;
    let nowhere = deployment.get("/").await;
    for (answer, cache_control) in [
        (made, "no-store"),
        (read, "private, no-cache"),
        (unchanged, "private, no-cache"),
        (not_found, "no-store"),
        (nowhere, "no-store"),
    ] {
        assert_eq!(answer.header("cache-control"), cache_control);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
        // That is for what speaks TLS to say.
        assert!(!answer.headers.contains_key("strict-transport-security"));
        assert!(!answer.headers.contains_key("server"));
    }
}
