//! What the API says of itself, and the page to try it from.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Database, Deployment};

async fn anonymous(deployment: &Deployment, method: Method, path: &str) -> Answer {
    Answer::of(deployment.anonymous(method, path).send().await.unwrap()).await
}

#[tokio::test]
async fn the_document_is_there_for_everyone() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let answer = anonymous(&deployment, Method::GET, "/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.text + "\n", include_str!("../../../../docs/openapi.json"));

    let head = anonymous(&deployment, Method::HEAD, "/openapi.json").await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("etag"), answer.headers["etag"]);
    assert_eq!(head.header("cache-control"), "no-cache");

    let request = deployment.anonymous(Method::GET, "/openapi.json");
    let request = request.header("if-none-match", &answer.headers["etag"]);
    assert_eq!(Answer::of(request.send().await.unwrap()).await.status, 304);
    anonymous(&deployment, Method::POST, "/openapi.json").await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn paths_answer_to_the_methods_that_the_document_lists_and_to_no_others() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let document = anonymous(&deployment, Method::GET, "/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 4);
    for (path, item) in paths {
        let listed = |method: &str| item.get(method.to_lowercase()).is_some();
        let path = path.replace(['{', '}'], "");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let answer = anonymous(&deployment, method.parse().unwrap(), &path).await;
            // Nobody said who calls, so that is all that is wrong with the good ones.
            let expected = if listed(method) { 401 } else { 405 };
            assert_eq!(answer.status, expected, "{method} {path}");
            if expected == 405 {
                let allowed: Vec<_> = answer.header("allow").split(", ").collect();
                assert!(allowed.iter().all(|method| listed(method)), "{path}: {allowed:?}");
                assert_eq!(allowed.len(), item.as_object().unwrap().len(), "{path}: {allowed:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_is_there_with_all_its_files_and_may_run_no_others() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let redirected = deployment.anonymous(Method::GET, "/docs").send().await.unwrap();
    assert_eq!((redirected.status().as_u16(), redirected.url().path()), (200, "/docs/"));
    for file in ["", "swagger-ui-bundle.js", "swagger-initializer.js", "swagger-ui.css"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = deployment.anonymous(method, &format!("/docs/{file}")).send().await;
            let answer = answer.unwrap();
            assert_eq!(answer.status(), 200, "{file}");
            let header = |name| answer.headers()[name].to_str().unwrap();
            let policy = header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert_eq!(header("cache-control"), "no-cache");
            assert_eq!(header("x-content-type-options"), "nosniff");
        }
    }
    for file in ["nothing.js", "index.html/x", "..%2fopenapi.json", "%ff"] {
        let unknown = anonymous(&deployment, Method::GET, &format!("/docs/{file}")).await;
        let problem = unknown.problem(404, "route_not_found");
        assert_eq!(problem["request_id"], unknown.header("x-request-id"));
    }
    anonymous(&deployment, Method::PUT, "/docs/").await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn whoever_opens_the_address_alone_is_told_of_both() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let problem = anonymous(&deployment, Method::GET, "/").await.problem(404, "route_not_found");
    let detail = problem["detail"].as_str().unwrap();
    for path in ["/docs/", "/openapi.json"] {
        assert!(detail.contains(path), "{detail}");
        assert_eq!(anonymous(&deployment, Method::GET, path).await.status, 200);
    }
}

#[tokio::test]
async fn neither_is_there_where_it_is_switched_off() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.start_with(&[("CHATS_HTTP__DOCS", "false")]);
    for path in ["/openapi.json", "/docs", "/docs/", "/docs/swagger-ui.css"] {
        let answer = anonymous(&deployment, Method::GET, path).await;
        answer.problem(404, "route_not_found");
    }
    let problem = anonymous(&deployment, Method::GET, "/").await.problem(404, "route_not_found");
    assert!(!problem["detail"].as_str().unwrap().contains("docs"), "{problem}");
}

#[tokio::test]
async fn the_examples_of_the_document_are_good_requests() {
    let audience = "[audiences.\"demo.example.org\"]\npolicy = \"none\"";
    let deployment = Deployment::with(Database::Sqlite, audience).await;
    let document = anonymous(&deployment, Method::GET, "/openapi.json").await.json();
    let examples = |path: &str| {
        let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"];
        let examples = body["examples"].as_object().unwrap().clone();
        examples.into_iter().map(|(_, example)| example["value"].clone())
    };
    // They are of one chat, of which the second says something else.
    let created: Vec<Value> = examples("/api/v1/chats").collect();
    let [with_tags, without_tags] = &created[..] else { panic!("{created:?}") };
    let chat = deployment.post("/api/v1/chats", with_tags).await.chat(201);
    assert_eq!(chat["tags"], with_tags["tags"]);
    let other = deployment.post("/api/v1/chats", without_tags).await;
    other.problem(409, "chat_already_exists");

    for mut body in examples("/api/v1/chats/convert") {
        body["scope"] = "another".into();
        let answer = deployment.post("/api/v1/chats/convert", &body).await;
        answer.problem(422, "event_room_not_found");
    }
}
