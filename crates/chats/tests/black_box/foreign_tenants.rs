//! Who may do everything in one audience, and nothing in another.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Database, Deployment, Forger};

const OWNER: &str = "tutor-7.school.example.org";
/// May do everything in `other.example.org`.
const INTRUDER: &str = "tutor-8.other.example.org";

async fn as_intruder(deployment: &Deployment, method: Method, path: &str, body: &Value) -> Answer {
    let request = deployment.anonymous(method, path).bearer_auth(Deployment::token(INTRUDER));
    Forger::send(request.json(body)).await
}

async fn get(deployment: &Deployment, path: &str) -> Answer {
    as_intruder(deployment, Method::GET, path, &Value::Null).await
}

fn without_id(answer: &Answer) -> Value {
    let mut problem = answer.json();
    problem.as_object_mut().unwrap().remove("request_id").unwrap();
    problem
}

on_both_databases! {
    async fn a_chat_of_another_tenant_is_not_read_by_either_key(deployment) {
        let made = deployment.create("lesson-42", Some(json!({"secret": "hunter2"}))).await;
        let path = "/api/v1/audiences/school.example.org/chats";
        let there = get(&deployment, &format!("{path}/lesson-42")).await;
        let by_id = get(&deployment, made.header("location")).await;
        let absent = get(&deployment, &format!("{path}/lesson-43")).await;
        for answer in [&there, &by_id, &absent] {
            answer.problem(403, "access_denied");
            assert!(!answer.text.contains("hunter2") && !answer.headers.contains_key("etag"));
        }
        assert_eq!(without_id(&there), without_id(&absent));
        // Nor by asking whether it has changed.
        let read = deployment.read_by_scope("lesson-42").await;
        for etag in [read.header("etag"), "*"] {
            let request = deployment.anonymous(Method::GET, made.header("location"));
            let request = request.bearer_auth(Deployment::token(INTRUDER));
            let answer = Forger::send(request.header("if-none-match", etag)).await;
            answer.problem(403, "access_denied");
        }
    }

    async fn nothing_is_made_for_another_tenant_by_either_route(deployment) {
        deployment.create("lesson-42", None).await.chat(201);
        let room = deployment.open_room("any.school.example.org").await;
        let mut answers = Vec::new();
        for scope in ["lesson-42", "lesson-43"] {
            let mut body = json!({"audience": "school.example.org", "scope": scope});
            answers.push(as_intruder(&deployment, Method::POST, "/api/v1/chats", &body).await);
            body["event_room_id"] = json!(room);
            let path = "/api/v1/chats/convert";
            answers.push(as_intruder(&deployment, Method::POST, path, &body).await);
        }
        for answer in &answers {
            answer.problem(403, "access_denied");
            assert!(!answer.headers.contains_key("location"));
            assert_eq!(without_id(answer), without_id(&answers[0]), "whether it is there or not");
        }
        deployment.read_by_scope("lesson-43").await.problem(404, "chat_not_found");
        assert_eq!(deployment.rooms(None).await.len(), 2, "that of the chat, and the free one");
    }

    async fn a_room_of_another_tenant_is_not_converted(deployment) {
        let free = deployment.open_room("any.school.example.org").await;
        let chat = deployment.create("lesson-42", None).await.chat(201);
        let taken = chat["real_time"]["event_room_id"].as_str().unwrap();
        let nowhere = "00000000-0000-4000-8000-000000000001";
        let mut problems = Vec::new();
        for room in [free.as_str(), taken, nowhere] {
            let body =
                json!({"audience": "other.example.org", "scope": "mine", "event_room_id": room});
            let answer =
                as_intruder(&deployment, Method::POST, "/api/v1/chats/convert", &body).await;
            answer.problem(422, "event_room_not_found");
            problems.push(without_id(&answer).to_string().replace(room, ""));
        }
        assert_eq!(problems[0], problems[2]);
        assert_eq!(problems[1], problems[2]);
        deployment.convert("lesson-43", &free).await.chat(201);
    }

    async fn an_audience_has_one_spelling(deployment) {
        deployment.create("lesson-42", None).await.chat(201);
        for audience in [
            "school%2Eexample%2Eorg",
            "SCHOOL.example.org",
            "school.example.org.",
            "school.example.org%2F",
            "other.example.org%2F..%2Fschool.example.org",
            "other.example.org:school.example.org",
            "*",
        ] {
            let path = format!("/api/v1/audiences/{audience}/chats/lesson-42");
            get(&deployment, &path).await.problem(403, "access_denied");
        }
        for path in [
            "/api/v1/audiences/other.example.org/../school.example.org/chats/lesson-42",
            "/api/v1/audiences/other.example.org/%2e%2e/school.example.org/chats/lesson-42",
            "/api/v1/audiences/other.example.org/chats/..%2F..%2Fschool.example.org%2Fchats%2Flesson-42",
        ] {
            let answer = raw_get(&deployment, path).await;
            assert_eq!(answer, [404], "{path}");
        }
    }
}

/// A client would resolve the dots itself.
async fn raw_get(deployment: &Deployment, path: &str) -> Vec<u16> {
    let mut connection = crate::support::Raw::to(deployment).await;
    let token = Deployment::token(INTRUDER);
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: chats\r\nAuthorization: Bearer {token}\r\n\r\n");
    connection.send(head).await;
    connection.statuses(1).await
}

/// Both accounts are written `tutor-7.school.example.org`. Only the one of `school.example.org` is trusted.
#[tokio::test]
async fn an_account_that_is_written_like_another_is_another() {
    let forger = Forger::new().await;
    let path = "/api/v1/audiences/school.example.org/chats/lesson-42";
    for (sub, aud, status, problem) in [
        ("tutor-7", "school.example.org", 404, "chat_not_found"),
        ("tutor-7.school", "example.org", 403, "access_denied"),
    ] {
        let mut claims = Forger::claims();
        claims["sub"] = json!(sub);
        claims["aud"] = json!(aud);
        let token = forger.signed(Forger::HEADER, &claims.to_string());
        let request = forger.deployment.anonymous(Method::GET, path).bearer_auth(&token);
        Forger::send(request).await.problem(status, problem);
    }
}

/// The tokens with which we ask a tenant do not open the API to the tenant, even where it is named.
#[tokio::test]
async fn our_own_tokens_are_nobodys_here() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for account in ["chats.svc.example.org", OWNER] {
        let token = Deployment::own_token(account);
        let request = deployment
            .anonymous(Method::GET, "/api/v1/audiences/school.example.org/chats/lesson-42");
        let answer = Forger::send(request.bearer_auth(token)).await;
        answer.problem(401, "authentication_failed");
    }
}
