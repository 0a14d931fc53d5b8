//! Who may do what.

use chats_event_embedded::Audiences;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use crate::harness::*;

#[tokio::test]
async fn a_request_without_a_token_is_refused_before_its_body_is_looked_at() {
    let service = Service::start();
    let request = service.bare(Method::POST, "/api/v1/rooms");
    assert_error(raw(request, "no JSON"), 401, "no_authentication_token").await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_an_invalid_authentication() {
    let service = Service::start();
    let request = service.by("no-account", Method::POST, "/api/v1/rooms");
    assert_error(request.json(&service.room()), 401, "invalid_authentication").await;

    let basic = service
        .bare(Method::POST, "/api/v1/rooms")
        .header(AUTHORIZATION, format!("Basic {SERVICE}"));
    assert_error(basic.json(&service.room()), 401, "invalid_authentication").await;
    assert_eq!(service.rooms().await, 0);
}

#[tokio::test]
async fn an_audience_that_it_does_not_know_is_denied_to_everyone() {
    let service = Service::start();
    for audience in ["nowhere.example.org", "no audience", ""] {
        let room = service.room_with("audience", json!(audience));
        let request = service.post("/api/v1/rooms").json(&room);
        assert_error(request, 403, "access_denied").await;
    }
    let room = service.room_with("audience", json!("nowhere.example.org"));
    let native = service.by("tutor.nowhere.example.org", Method::POST, "/api/v1/rooms");
    assert_error(native.json(&room), 403, "access_denied").await;
    assert_eq!(service.rooms().await, 0);
}

#[tokio::test]
async fn any_audience_is_known_if_the_settings_say_so() {
    let service = Service::start_with(|settings| settings.audiences = Audiences::Any);
    service.opened(&service.room_with("audience", json!("nowhere.example.org"))).await;
}

#[tokio::test]
async fn an_account_opens_rooms_of_its_own_audience_only() {
    let service = Service::start();
    let own = service.by(TUTOR, Method::POST, "/api/v1/rooms").json(&service.room());
    assert_eq!(own.send().await.unwrap().status(), 201);

    let other = service.by(STRANGER, Method::POST, "/api/v1/rooms").json(&service.room());
    assert_error(other, 403, "access_denied").await;
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn a_room_is_there_for_its_audience_and_not_for_strangers() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    let events = format!("{room}/events");
    let calls = [
        (Method::GET, &room, json!({}), 200),
        (Method::PATCH, &room, json!({"tags": {"a": 1}}), 200),
        (Method::POST, &events, json!({"type": "message", "data": 1}), 201),
        (Method::GET, &events, json!({}), 200),
    ];
    for (method, path, body, status) in calls {
        let own = service.by(TUTOR, method.clone(), path).json(&body);
        assert_eq!(own.send().await.unwrap().status(), status, "{method}");

        let strange = service.by(STRANGER, method, path).json(&body);
        assert_error(strange, 404, "room_not_found").await;
    }
}
