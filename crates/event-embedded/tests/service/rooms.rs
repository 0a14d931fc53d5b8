//! Opening rooms.

use serde_json::{Value, json};

use crate::harness::*;

#[tokio::test]
async fn a_room_has_exactly_the_members_of_the_event_service_in_its_order() {
    let service = Service::start();
    let room = service.room_with("tags", json!({"grade": 7}));

    let response = service.post("/api/v1/rooms").json(&room).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let text = response.text().await.unwrap();

    let id = serde_json::from_str::<Value>(&text).unwrap()["id"].clone();
    let now = service.now();
    let expected = format!(
        r#"{{"id":{id},"audience":"{AUDIENCE}","time":[{now},null],"tags":{{"grade":7}},"created_at":{now},"#
    ) + &format!(
        r#""preserve_history":true,"classroom_id":"{CLASSROOM}","locked_types":{{}},"whiteboard_access":{{}},"kind":"Webinar"}}"#
    );
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_room_without_tags_has_no_such_member() {
    let service = Service::start();
    for room in [service.room(), service.room_with("tags", Value::Null)] {
        let response = service.post("/api/v1/rooms").json(&room).send().await.unwrap();
        assert!(json_of(response, 201).await.get("tags").is_none());
    }
}

#[tokio::test]
async fn tags_keep_every_digit() {
    let service = Service::start();
    let tags = r#"{"n":1234567890123456789012345678901234567890,"d":0.10000000000000000000000000001,"z":1.0}"#;
    let body = service.room_with("tags", json!("TAGS")).to_string();
    let body = body.replace(r#""TAGS""#, tags);

    let opened = raw(service.post("/api/v1/rooms"), body).send().await.unwrap();
    let text = opened.text().await.unwrap();
    assert!(text.contains(tags), "{text}");

    let id = serde_json::from_str::<Value>(&text).unwrap()["id"].clone();
    let path = format!("/api/v1/rooms/{}", id.as_str().unwrap());
    let read = service.get(&path).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), text);
}

#[tokio::test]
async fn each_kind_of_room_can_be_opened_and_comes_back() {
    let service = Service::start();
    for kind in ["Webinar", "P2P", "Minigroup"] {
        let path = service.opened(&service.room_with("kind", json!(kind))).await;
        let read = json_of(service.get(&path).send().await.unwrap(), 200).await;
        assert_eq!(read["kind"], kind);
    }
}

#[tokio::test]
async fn history_is_not_preserved_if_the_request_says_so() {
    let service = Service::start();
    let room = service.room_with("preserve_history", json!(false));
    let path = service.opened(&room).await;
    let read = json_of(service.get(&path).send().await.unwrap(), 200).await;
    assert_eq!(read["preserve_history"], false);
}

#[tokio::test]
async fn a_room_without_a_start_or_with_an_end_not_after_it_is_refused() {
    let service = Service::start();
    for time in [json!([null, null]), json!([null, 5]), json!([5, 4]), json!([5, 5])] {
        let room = service.room_with("time", time);
        let request = service.post("/api/v1/rooms").json(&room);
        assert_error(request, 400, "invalid_room_time").await;
    }
    assert_eq!(service.rooms().await, 0);
}

#[tokio::test]
async fn a_room_may_have_an_end() {
    let service = Service::start();
    let time = json!([service.now() + 60, service.now() + 120]);
    let path = service.opened(&service.room_with("time", time.clone())).await;
    let read = json_of(service.get(&path).send().await.unwrap(), 200).await;
    assert_eq!(read["time"], time);
}

#[tokio::test]
async fn the_same_classroom_id_twice_makes_two_rooms() {
    let service = Service::start();
    let one = service.opened(&service.room()).await;
    let two = service.opened(&service.room()).await;
    assert_ne!(one, two);
    assert_eq!(service.rooms().await, 2);
}

#[tokio::test]
async fn the_health_check_needs_no_token_and_answers_pong() {
    let service = Service::start();
    let response = service.bare(reqwest::Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "pong");
}
