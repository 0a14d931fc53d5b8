//! Bodies, paths and queries that are refused in plain text, by the framework's statuses.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::harness::*;

#[tokio::test]
async fn json_that_does_not_fit_is_422_in_plain_text() {
    let service = Service::start();
    for (member, value) in [
        ("audience", json!(7)),
        ("time", json!(service.now())),
        ("time", json!([service.now()])),
        ("time", json!([service.now(), null, null])),
        ("time", json!([1.5, null])),
        ("classroom_id", json!("lesson-42")),
        ("kind", json!("webinar")),
        ("kind", json!(null)),
        ("preserve_history", json!("yes")),
    ] {
        let room = service.room_with(member, value);
        assert_plain_error(service.post("/api/v1/rooms").json(&room), 422).await;
    }
    for missing in ["audience", "time", "classroom_id", "kind"] {
        let mut room = service.room();
        room.as_object_mut().unwrap().remove(missing);
        assert_plain_error(service.post("/api/v1/rooms").json(&room), 422).await;
    }
    assert_plain_error(service.post("/api/v1/rooms").json(&json!([])), 422).await;
    assert_eq!(service.rooms().await, 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_400_in_plain_text() {
    let service = Service::start();
    let cut = service.room().to_string();
    for body in ["", "{", "room", "7 7", r#"{"audience":7"#, &cut[..cut.len() - 1]] {
        let request = raw(service.post("/api/v1/rooms"), body.to_owned());
        assert_plain_error(request, 400).await;
    }
}

#[tokio::test]
async fn another_content_type_or_none_is_415_in_plain_text() {
    let service = Service::start();
    let body = service.room().to_string();
    let request = service.post("/api/v1/rooms").body(body.clone());
    assert_plain_error(request, 415).await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "json"] {
        let request = service.post("/api/v1/rooms").header(CONTENT_TYPE, content_type);
        assert_plain_error(request.body(body.clone()), 415).await;
    }
}

#[tokio::test]
async fn a_charset_and_other_kinds_of_json_are_fine() {
    let service = Service::start();
    for content_type in ["application/json; charset=utf-8", "application/vnd.room+json"] {
        let request = service.post("/api/v1/rooms").header(CONTENT_TYPE, content_type);
        let response = request.body(service.room().to_string()).send().await.unwrap();
        assert_eq!(response.status(), 201);
    }
}

#[tokio::test]
async fn members_that_nobody_knows_are_passed_over() {
    let service = Service::start();
    service.opened(&service.room_with("colour", json!("green"))).await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413_in_plain_text() {
    let service = Service::start();
    let room = service.room_with("tags", json!("x".repeat(2 * 1024 * 1024)));
    assert_plain_error(service.post("/api/v1/rooms").json(&room), 413).await;
}

#[tokio::test]
async fn a_path_or_a_query_that_does_not_parse_is_400_in_plain_text() {
    let service = Service::start();
    assert_plain_error(service.get("/api/v1/rooms/lesson-42"), 400).await;
    let room = service.opened(&service.room()).await;
    for query in ["limit=many", "limit=-1", "direction=up", "last_occurred_at=now"] {
        assert_plain_error(service.get(&format!("{room}/events?{query}")), 400).await;
    }
}
