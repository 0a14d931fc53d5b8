//! Errors of the HTTP layer are problems too, and every response has a request id.

use reqwest::Method;

use crate::support::{Answer, Database, Deployment};

on_both_databases! {
    async fn an_unknown_path_is_a_problem(deployment) {
        for path in ["/", "/api", "/api/v1", "/api/v2/chats", "/api/v1/chats/", "/api/v1/chats/a/b",
                     "/api/v1/audiences/a/chats", "/api/v1/audiences/a/chats/", "/%00", "/%ff",
                     "/api/v1/audiences/a/chats/a/b", "//api/v1/chats"] {
            deployment.get(path).await.problem(404, "route_not_found");
        }
    }

    async fn a_wrong_method_is_a_problem_that_names_the_right_ones(deployment) {
        let id = "/api/v1/chats/00000000-0000-0000-0000-000000000007";
        let key = "/api/v1/audiences/school.example.org/chats/lesson-42";
        for (method, path, allowed) in [
            (Method::GET, "/api/v1/chats", "POST"),
            (Method::GET, "/api/v1/chats/convert", "POST"),
            (Method::DELETE, "/api/v1/chats", "POST"),
            (Method::POST, id, "GET, HEAD"),
            (Method::DELETE, id, "GET, HEAD"),
            (Method::PUT, key, "GET, HEAD"),
            (Method::from_bytes(b"BREW").unwrap(), key, "GET, HEAD"),
        ] {
            let request = deployment.request(method.clone(), path);
            let answer = Answer::of(request.send().await.unwrap()).await;
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }

    async fn a_path_value_that_breaks_its_rule_is_a_problem(deployment) {
        for id in ["7", "00000000-0000-0000-0000-00000000000g", "00000000000000000000000000000007",
                   "%7B00000000-0000-0000-0000-000000000007%7D", "%ff", "%00", "%"] {
            let answer = deployment.get(&format!("/api/v1/chats/{id}")).await;
            answer.problem(400, "invalid_parameter");
        }
        let long = "%C3%A9".repeat(256);
        for scope in ["%00", "%0A", "%ff", "%C3", "%ED%A0%80", "%zz", "100%", &long] {
            deployment.read_by_scope(scope).await.problem(400, "invalid_parameter");
        }
        for audience in ["a%20b", "%00", "%E2%80%83"] {
            let path = format!("/api/v1/audiences/{audience}/chats/a");
            deployment.get(&path).await.problem(400, "invalid_parameter");
        }
        deployment.read_by_scope(&"%C3%A9".repeat(255)).await.problem(404, "chat_not_found");
    }

    async fn a_sane_request_id_is_taken_over_and_any_other_replaced(deployment) {
        let with_id = async |path: &str, id: &str| {
            let request = deployment.request(Method::GET, path).header("x-request-id", id);
            Answer::of(request.send().await.unwrap()).await
        };
        deployment.create("lesson-42", None).await.chat(201);
        let found = "/api/v1/audiences/school.example.org/chats/lesson-42";
        for path in [found, "/api/v1/chats/7", "/nowhere"] {
            assert_eq!(with_id(path, "trace-7/a.b:c").await.header("x-request-id"), "trace-7/a.b:c");
            let long = "x".repeat(129);
            for id in ["", "a b", "<script>", "\"", long.as_str()] {
                let answered = with_id(path, id).await;
                let answered = answered.header("x-request-id");
                assert_ne!(answered, id);
                assert_eq!(answered.len(), 36, "a UUID");
            }
        }
        let first = deployment.get(found).await;
        let second = deployment.get(found).await;
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    }

    async fn no_error_shows_what_is_inside(deployment) {
        let answers = [
            deployment.get("/api/v1/chats/'%20OR%201=1").await,
            deployment.read_by_scope("'%20OR%201=1").await,
            deployment.post_text("/api/v1/chats", "{").await,
        ];
        for answer in answers {
            for word in ["SELECT", "diesel", "sqlite", "postgres", "src/", "panicked"] {
                assert!(!answer.text.contains(word), "{word} in {}", answer.text);
            }
        }
    }
}
