//! Converting event rooms to chats.

use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Database, Deployment, TRIES};

const TUTOR: &str = "tutor-7.school.example.org";

on_both_databases! {
    async fn a_convert_makes_a_chat_of_the_room(deployment) {
        let room = deployment.open_room(TUTOR).await;
        let answer = deployment.convert("lesson-42", &room).await;
        let chat = answer.chat(201);
        assert_eq!(chat["real_time"], json!({"event_room_id": room}));
        let chat_id = chat["chat_id"].as_str().unwrap();
        assert_eq!(answer.header("location"), format!("/api/v1/chats/{chat_id}"));

        let rooms = deployment.rooms(None).await;
        assert_eq!(rooms.len(), 1);
        assert_eq!(rooms[0]["classroom_id"], chat_id);
    }

    async fn a_repeat_finds_the_chat_even_without_the_event_service(deployment) {
        let mut deployment = deployment;
        let room = deployment.open_room(TUTOR).await;
        let made = deployment.convert("lesson-42", &room).await.chat(201);
        deployment.kill_event_service();
        assert_eq!(deployment.convert("lesson-42", &room).await.chat(200), made);
    }

    async fn another_room_or_other_tags_under_the_same_key_say_something_else(deployment) {
        let room = deployment.open_room(TUTOR).await;
        let other = deployment.open_room(TUTOR).await;
        let made = deployment.convert("lesson-42", &room).await.chat(201);
        for (room, tags) in [(&other, None), (&room, Some(json!({"grade": 7})))] {
            let mut body = json!({
                "audience": "school.example.org", "scope": "lesson-42", "event_room_id": room,
            });
            if let Some(tags) = tags {
                body["tags"] = tags;
            }
            let answer = deployment.post("/api/v1/chats/convert", &body).await;
            let problem = answer.problem(409, "chat_already_exists");
            assert_eq!(problem["chat_id"], made["chat_id"]);
        }
        let rooms = deployment.rooms(made["chat_id"].as_str()).await;
        assert_eq!(rooms.len(), 1);
        assert_eq!(rooms[0]["id"], *room);
    }

    async fn a_room_that_does_not_exist_is_not_found(deployment) {
        let answer = deployment.convert("lesson-42", &Uuid::from_u128(1).to_string()).await;
        answer.problem(422, "event_room_not_found");
        deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
    }

    async fn a_room_of_another_audience_is_not_found_whether_it_carries_a_chat_or_not(deployment) {
        let room = deployment.open_room("tutor-8.other.example.org").await;
        let unknown = deployment.convert("lesson-42", &Uuid::from_u128(1).to_string()).await;
        let unknown = unknown.problem(422, "event_room_not_found");
        for _ in 0..2 {
            let answer = deployment.convert("lesson-42", &room).await;
            let problem = answer.problem(422, "event_room_not_found");
            assert_eq!(problem["detail"], unknown["detail"]);

            let body = json!({
                "audience": "other.example.org", "scope": "theirs", "event_room_id": room,
            });
            let theirs = deployment
                .anonymous(reqwest::Method::POST, "/api/v1/chats/convert")
                .bearer_auth(Deployment::token("tutor-8.other.example.org"))
                .json(&body);
            assert!(theirs.send().await.unwrap().status().is_success());
        }
    }

    async fn a_room_that_carries_another_chat_is_taken(deployment) {
        let room = deployment.open_room(TUTOR).await;
        deployment.convert("lesson-42", &room).await.chat(201);
        deployment.convert("lesson-43", &room).await.problem(409, "event_room_taken");

        let created = deployment.create("lesson-44", None).await.chat(201);
        let room = created["real_time"]["event_room_id"].as_str().unwrap();
        deployment.convert("lesson-45", room).await.problem(409, "event_room_taken");
        assert_eq!(deployment.rooms(created["chat_id"].as_str()).await.len(), 1);
    }

    async fn a_created_chat_is_what_a_convert_of_its_room_asks_for(deployment) {
        let created = deployment.create("lesson-42", None).await.chat(201);
        let room = created["real_time"]["event_room_id"].as_str().unwrap();
        assert_eq!(deployment.convert("lesson-42", room).await.chat(200), created);
    }

    async fn a_convert_does_not_take_an_unfinished_create_for_its_own(deployment) {
        deployment.fault(&json!({"fault": "cut", "when": "before_work", "times": TRIES})).await;
        deployment.create("lesson-42", None).await.problem(503, "event_service_unavailable");
        let room = deployment.open_room(TUTOR).await;
        for room in [room, Uuid::from_u128(1).to_string()] {
            let answer = deployment.convert("lesson-42", &room).await;
            answer.problem(409, "chat_already_exists");
        }
        deployment.create("lesson-42", None).await.chat(201);
    }

    async fn of_many_equal_converts_at_once_one_makes_the_chat(deployment) {
        let room = deployment.open_room(TUTOR).await;
        let answers = join_all((0..32).map(|_| deployment.convert("lesson-42", &room))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let found = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((made, found), (1, 31));
    }

    async fn of_converts_of_one_room_to_many_chats_at_once_one_succeeds(deployment) {
        let room = deployment.open_room(TUTOR).await;
        let scopes: Vec<_> = (0..16).map(|n| format!("lesson-{n}")).collect();
        let answers = join_all(scopes.iter().map(|it| deployment.convert(it, &room))).await;
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        let taken = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((made.len(), taken), (1, 15));
        let rooms = deployment.rooms(None).await;
        assert_eq!(rooms[0]["classroom_id"], made[0].json()["chat_id"]);
    }

    async fn a_convert_that_the_event_service_does_not_carry_out_leaves_nothing(deployment) {
        let room = deployment.open_room(TUTOR).await;
        for call in ["find", "bind"] {
            let refuse = json!({"fault": "refuse", "status": 403, "type": "access_denied", "on": call});
            deployment.fault(&refuse).await;
            let answer = deployment.convert("lesson-42", &room).await;
            answer.problem(502, "event_service_rejected");
            deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
        }
        deployment.fault(&json!({"fault": "cut", "when": "before_work", "on": "find"})).await;
        let answer = deployment.convert("lesson-42", &room).await;
        answer.problem(503, "event_service_unavailable");
        deployment.read_by_scope("lesson-42").await.problem(404, "chat_not_found");
    }

    async fn a_convert_with_an_unknown_outcome_is_opening_and_a_repeat_finishes_it(deployment) {
        for (n, when) in ["before_work", "after_work"].into_iter().enumerate() {
            let scope = format!("lesson-{n}");
            let room = deployment.open_room(TUTOR).await;
            let cut = json!({"fault": "cut", "when": when, "on": "bind", "times": TRIES});
            deployment.fault(&cut).await;
            deployment.convert(&scope, &room).await.problem(503, "event_service_unavailable");
            let opening = deployment.read_by_scope(&scope).await.chat(200);
            assert!(opening.get("real_time").is_none());

            let made = deployment.convert(&scope, &room).await.chat(201);
            assert_eq!(made["chat_id"], opening["chat_id"]);
            assert_eq!(made["real_time"], json!({"event_room_id": room}));
            assert_eq!(deployment.rooms(made["chat_id"].as_str()).await.len(), 1);
        }
    }
}
