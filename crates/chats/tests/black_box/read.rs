//! Reading chats back.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Database, Deployment, TRIES};

on_both_databases! {
    async fn a_chat_reads_back_by_its_identifier_and_by_its_key(deployment) {
        let made = deployment.create("lesson-42", Some(json!({"grade": 7}))).await;
        let by_id = deployment.get(made.header("location")).await;
        let by_key = deployment.read_by_scope("lesson-42").await;
        assert_eq!(by_id.chat(200), made.chat(201));
        assert_eq!(by_key.text, by_id.text);
        assert_eq!(by_key.header("etag"), by_id.header("etag"));
    }

    async fn a_scope_reads_back_however_it_is_written(deployment) {
        for (scope, path) in [
            ("a/b c+d%é", "a%2Fb%20c+d%25%C3%A9"),
            ("a/b c+d%é", "%61%2fb%20c%2Bd%25%c3%a9"),
            ("課題 🦀?#&=", "%E8%AA%B2%E9%A1%8C%20%F0%9F%A6%80%3F%23%26%3D"),
            ("%2F", "%252F"),
            ("'; DROP TABLE chat; --", "%27;%20DROP%20TABLE%20chat;%20--"),
            ("\u{a0}\u{200b}\u{feff}", "%C2%A0%E2%80%8B%EF%BB%BF"),
        ] {
            let made = deployment.create(scope, None).await;
            assert!(made.status < 300, "{scope}: {}", made.text);
            let read = deployment.read_by_scope(path).await.chat(200);
            assert_eq!(read["scope"], scope);
            assert_eq!(read["chat_id"], made.json()["chat_id"]);
        }
    }

    async fn keys_that_look_alike_are_different(deployment) {
        let scopes = ["a", "A", "a ", " a", "é", "e\u{301}", "a%", "a_", "ａ"];
        for scope in scopes {
            deployment.create(scope, None).await.chat(201);
        }
        assert_eq!(deployment.rooms(None).await.len(), scopes.len());
    }

    async fn what_is_not_there_is_not_found(deployment) {
        let problem = deployment.read_by_scope("lesson-43").await.problem(404, "chat_not_found");
        let detail = "No chat has the scope 'lesson-43' in the audience 'school.example.org'.";
        assert_eq!(problem["detail"], detail);
        let path = format!("/api/v1/chats/{}", Uuid::from_u128(7));
        deployment.get(&path).await.problem(404, "chat_not_found");
    }

    async fn a_client_that_has_the_chat_is_told_so(deployment) {
        deployment.create("lesson-42", None).await.chat(201);
        let read = deployment.read_by_scope("lesson-42").await;
        let etag = read.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag} is strong");

        let path = "/api/v1/audiences/school.example.org/chats/lesson-42";
        let conditional = async |tags: &str| {
            let request = deployment.request(Method::GET, path).header("if-none-match", tags);
            Answer::of(request.send().await.unwrap()).await
        };
        for tags in [etag.clone(), format!("\"x\", {etag}"), format!("W/{etag}"), "*".to_owned()] {
            let answer = conditional(&tags).await;
            assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tags}");
            assert_eq!(answer.header("etag"), etag);
            assert!(!answer.header("x-request-id").is_empty());
        }
        for tags in ["\"x\"", "", "nonsense", "W/\"x\""] {
            assert_eq!(conditional(tags).await.text, read.text, "{tags}");
        }
    }

    async fn the_tag_changes_when_an_opening_chat_becomes_ready(deployment) {
        deployment.fault(&json!({"fault": "cut", "when": "after_work", "times": TRIES})).await;
        deployment.create("lesson-42", None).await.problem(503, "event_service_unavailable");
        let opening = deployment.read_by_scope("lesson-42").await;
        deployment.create("lesson-42", None).await.chat(201);
        let ready = deployment.read_by_scope("lesson-42").await;
        assert_ne!(opening.header("etag"), ready.header("etag"));
    }

    async fn head_answers_as_get_does_but_for_the_body(deployment) {
        let made = deployment.create("lesson-42", None).await;
        let get = deployment.get(made.header("location")).await;
        let request = deployment.request(Method::HEAD, made.header("location"));
        let head = Answer::of(request.send().await.unwrap()).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        for header in ["etag", "content-type", "content-length"] {
            assert_eq!(head.header(header), get.header(header), "{header}");
        }
    }
}
