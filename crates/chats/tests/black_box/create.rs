//! Creating chats.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Database, Deployment, TRIES};

on_both_databases! {
    async fn a_create_makes_a_chat_and_its_room(deployment) {
        let answer = deployment.create("lesson-42", Some(json!({"grade": 7}))).await;
        let chat = answer.chat(201);
        let chat_id = chat["chat_id"].as_str().unwrap();
        let room_id = chat["real_time"]["event_room_id"].as_str().unwrap();
        assert_eq!(
            chat,
            json!({
                "id": "lesson-42",
                "chat_id": chat_id,
                "audience": "school.example.org",
                "scope": "lesson-42",
                "tags": {"grade": 7},
                "created_at": chat["created_at"].as_i64().unwrap(),
                "real_time": {"event_room_id": room_id},
            })
        );
        assert_eq!(answer.header("location"), format!("/api/v1/chats/{chat_id}"));
        assert_eq!(chat_id.as_bytes()[14], b'7', "a UUID of version 7");

        let rooms = deployment.rooms(Some(chat_id)).await;
        assert_eq!(rooms.len(), 1);
        assert_eq!(rooms[0]["id"], room_id);
        assert_eq!(rooms[0]["audience"], "school.example.org");
        assert_eq!(rooms[0]["kind"], "Webinar");
        assert_eq!(rooms[0]["time"], json!([chat["created_at"], null]), "in whole seconds");
    }

    async fn a_repeat_finds_the_chat(deployment) {
        let made = deployment.create("lesson-42", Some(json!({"a": 1, "b": [true, null]}))).await;
        let repeat = r#"{"tags": {"b":[true,null],"a":1.0}, "scope": "lesson-42",
                         "audience": "school.example.org"}"#;
        let found = deployment.post_text("/api/v1/chats", repeat).await;
        assert_eq!(found.chat(200), made.chat(201));
        assert_eq!(found.header("location"), made.header("location"));
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn a_create_that_says_something_else_changes_nothing(deployment) {
        let made = deployment.create("lesson-42", Some(json!({"grade": 7}))).await;
        let chat = made.chat(201);
        for tags in [None, Some(json!({})), Some(json!({"grade": 8}))] {
            let answer = deployment.create("lesson-42", tags).await;
            let problem = answer.problem(409, "chat_already_exists");
            assert_eq!(problem["chat_id"], chat["chat_id"]);
            assert_eq!(answer.header("location"), made.header("location"));
        }
        assert_eq!(deployment.read_by_scope("lesson-42").await.chat(200), chat);
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn of_sixty_four_equal_creates_at_once_one_makes_the_chat(deployment) {
        let answers = join_all((0..64).map(|_| deployment.create("lesson-42", None))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let found = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((made, found), (1, 63));

        let chats: HashSet<_> = answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(chats.len(), 1);
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn of_different_creates_at_once_one_makes_the_chat_and_the_others_are_told(deployment) {
        let answers = join_all((0..16).map(|n| {
            deployment.create("lesson-42", Some(json!({"n": n})))
        })).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let told = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((made, told), (1, 15));
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn the_same_scope_in_another_audience_is_another_chat(deployment) {
        let one = deployment.create("lesson-42", None).await.chat(201);
        let body = json!({"audience": "open.example.org", "scope": "lesson-42"});
        let other = deployment.post("/api/v1/chats", &body).await.chat(201);
        assert_ne!(one["chat_id"], other["chat_id"]);
    }

    async fn a_create_that_the_event_service_refuses_leaves_nothing(deployment) {
        for status in [400, 401, 403, 404, 422] {
            deployment.fault(&json!({"fault": "refuse", "status": status, "type": "no"})).await;
            let refused = deployment.create("lesson-42", None).await;
            refused.problem(502, "event_service_rejected");
            deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
        }
        assert!(deployment.rooms(None).await.is_empty());
    }

    async fn a_create_whose_event_service_is_not_there_leaves_nothing(deployment) {
        let mut deployment = deployment;
        deployment.kill_event_service();
        let answer = deployment.create("lesson-42", None).await;
        answer.problem(503, "event_service_unavailable");
        deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
    }

    async fn a_dependency_of_the_event_service_that_is_down_leaves_nothing(deployment) {
        let kind = "database_connection_acquisition_failed";
        deployment.fault(&json!({"fault": "refuse", "status": 422, "type": kind})).await;
        let answer = deployment.create("lesson-42", None).await;
        answer.problem(503, "event_service_unavailable");
        deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
    }

    async fn a_lost_answer_is_asked_for_again_within_the_request(deployment) {
        for (n, fault) in unknown_outcomes().into_iter().enumerate() {
            deployment.fault(&with_times(&fault, TRIES - 1)).await;
            let made = deployment.create(&format!("lesson-{n}"), None).await.chat(201);
            let rooms = deployment.rooms(made["chat_id"].as_str()).await;
            assert_eq!(rooms.len(), 1, "{fault}");
            assert_eq!(rooms[0]["id"], made["real_time"]["event_room_id"]);
        }
    }

    async fn a_create_with_an_unknown_outcome_is_opening_and_a_repeat_finishes_it(deployment) {
        for (n, fault) in unknown_outcomes().into_iter().enumerate() {
            let scope = format!("lesson-{n}");
            deployment.fault(&with_times(&fault, TRIES)).await;
            let unknown = deployment.create(&scope, Some(json!({"n": n}))).await;
            unknown.problem(503, "event_service_unavailable");

            let opening = deployment.read_by_scope(&scope).await.chat(200);
            assert!(opening.get("real_time").is_none(), "{fault}");
            assert_eq!(opening["tags"], json!({"n": n}));

            let made = deployment.create(&scope, Some(json!({"n": n}))).await.chat(201);
            assert_eq!(made["chat_id"], opening["chat_id"], "{fault}");
            let rooms = deployment.rooms(made["chat_id"].as_str()).await;
            assert_eq!(rooms.len(), 1, "{fault}");
            assert_eq!(rooms[0]["id"], made["real_time"]["event_room_id"]);
        }
    }

    async fn an_event_service_that_hangs_does_not_hold_a_request_beyond_its_deadline(deployment) {
        deployment.fault(&json!({"fault": "hang", "when": "after_work"})).await;
        // The tests' deadline is eight seconds; clients give up after ten.
        let answer = timeout(Duration::from_secs(10), deployment.create("lesson-42", None)).await;
        answer.unwrap().problem(503, "event_service_unavailable");
        let opening = deployment.read_by_scope("lesson-42").await.chat(200);
        deployment.lift_faults().await;
        let made = deployment.create("lesson-42", None).await.chat(201);
        assert_eq!(made["chat_id"], opening["chat_id"]);
    }

    async fn a_refusal_after_an_unknown_outcome_is_none_and_keeps_the_chat(deployment) {
        let refuse = json!({"fault": "refuse", "status": 403, "type": "access_denied", "times": 1});
        deployment.fault(&json!({"fault": "cut", "when": "after_work", "times": 1})).await;
        deployment.add_fault(&refuse).await;
        let answer = deployment.create("lesson-42", None).await;
        answer.problem(503, "event_service_unavailable");

        let opening = deployment.read_by_scope("lesson-42").await.chat(200);
        let made = deployment.create("lesson-42", None).await.chat(201);
        assert_eq!(made["chat_id"], opening["chat_id"]);
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn a_service_that_is_killed_half_way_is_succeeded_by_its_next_life(deployment) {
        let mut deployment = deployment;
        deployment.fault(&json!({"fault": "hang", "when": "after_work", "times": 1})).await;
        let _connection = send_create(&deployment, "lesson-42").await;
        let room_is_open = async { while deployment.rooms(None).await.is_empty() {} };
        timeout(LONG, room_is_open).await.unwrap();
        let opening = deployment.read_by_scope("lesson-42").await.chat(200);
        deployment.kill();
        deployment.start();

        let made = deployment.create("lesson-42", None).await.chat(201);
        assert_eq!(made["chat_id"], opening["chat_id"]);
        assert_eq!(deployment.rooms(None).await.len(), 1);
    }

    async fn a_connection_that_breaks_half_way_leaves_a_whole_chat(deployment) {
        deployment.fault(&json!({"fault": "delay", "millis": 500, "times": 1})).await;
        let connection = send_create(&deployment, "lesson-42").await;
        until_readable(&deployment, "lesson-42").await;
        // With a reset, and not merely with the end of what the client has to say.
        connection.set_zero_linger().unwrap();
        drop(connection);
        // It waits for the chat that is being made, and would make it if nobody did.
        let found = deployment.create("lesson-42", None).await.chat(200);
        assert!(found["real_time"].is_object());
    }

    async fn a_service_that_is_asked_to_end_answers_what_is_in_flight(deployment) {
        let mut deployment = deployment;
        deployment.fault(&json!({"fault": "delay", "millis": 500, "times": 1})).await;
        let body = json!({"audience": "school.example.org", "scope": "lesson-42"});
        let request = deployment.request(Method::POST, "/api/v1/chats").json(&body);
        let create = tokio::spawn(request.send());
        until_readable(&deployment, "lesson-42").await;
        assert!(deployment.terminate());
        assert_eq!(create.await.unwrap().unwrap().status(), 201);
    }

    async fn what_was_made_survives_the_service(deployment) {
        let mut deployment = deployment;
        let made = deployment.create("lesson-42", Some(json!({"grade": 7}))).await.chat(201);
        deployment.kill();
        deployment.start();
        assert_eq!(deployment.read_by_scope("lesson-42").await.chat(200), made);
    }
}

/// No test waits longer than this for what must come.
const LONG: Duration = Duration::from_secs(30);

/// Faults after which nobody knows whether a room was opened.
fn unknown_outcomes() -> Vec<Value> {
    vec![
        json!({"fault": "fail", "status": 500, "when": "before_work"}),
        json!({"fault": "fail", "status": 503, "when": "after_work"}),
        json!({"fault": "cut", "when": "before_work"}),
        json!({"fault": "cut", "when": "after_work"}),
        json!({"fault": "truncate"}),
        json!({"fault": "garble"}),
    ]
}

fn with_times(fault: &Value, times: u32) -> Value {
    let mut fault = fault.clone();
    fault["times"] = times.into();
    fault
}

/// Sends a create, and returns the connection that its answer would come on.
async fn send_create(deployment: &Deployment, scope: &str) -> TcpStream {
    let body = format!(r#"{{"audience":"school.example.org","scope":"{scope}"}}"#);
    let request = format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        Deployment::token("tutor-7.school.example.org"),
        body.len(),
    );
    let address = deployment.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

/// Reads a chat again and again, until it is there.
async fn until_readable(deployment: &Deployment, scope: &str) {
    let is_readable = async { while deployment.read_by_scope(scope).await.status != 200 {} };
    timeout(LONG, is_readable).await.unwrap();
}
