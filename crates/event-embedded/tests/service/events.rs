//! Posting events and listing them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

async fn post(service: &Service, room: &str, event: &Value) -> Value {
    let request = service.post(&format!("{room}/events")).json(event);
    json_of(request.send().await.unwrap(), 201).await
}

async fn list(service: &Service, room: &str, query: &str) -> Vec<Value> {
    let request = service.get(&format!("{room}/events{query}"));
    let events = json_of(request.send().await.unwrap(), 200).await;
    events.as_array().unwrap().clone()
}

/// Opens a room and posts events to it, each with its number, counted from zero, as data.
async fn room_with_events(service: &Service, events: usize) -> String {
    let room = service.opened(&service.room()).await;
    for number in 0..events {
        post(service, &room, &json!({"type": "message", "data": number})).await;
    }
    room
}

fn data(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["data"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_event_is_timed_from_the_opening_of_its_room() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    service.clock.advance(Duration::from_millis(1_500));

    let event = json!({"type": "message", "data": {"text": "hello"}});
    let request = service.by(TUTOR, Method::POST, &format!("{room}/events")).json(&event);
    let answer = json_of(request.send().await.unwrap(), 201).await;
    assert_eq!(
        answer,
        json!({
            "id": answer["id"],
            "room_id": room.rsplit('/').next().unwrap(),
            "type": "message",
            "set": "message",
            "data": {"text": "hello"},
            "occurred_at": 1_500_000_000,
            "created_by": TUTOR,
            "created_at": service.now(),
        })
    );
    assert_eq!(list(&service, &room, "").await, [answer]);
}

#[tokio::test]
async fn an_event_comes_back_with_all_that_was_said_of_it() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    let event = json!({
        "type": "message_update",
        "set": "messages",
        "label": "message-1",
        "attribute": "pinned",
        "data": null,
        "removed": true,
        "is_claim": true,
    });
    post(&service, &room, &event).await;
    let listed = &list(&service, &room, "").await[0];
    for member in ["type", "set", "label", "attribute", "data", "removed"] {
        assert_eq!(listed[member], event[member], "{member}");
    }
}

#[tokio::test]
async fn an_event_that_does_not_last_is_answered_and_not_kept() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    let event = json!({"type": "cursor", "data": 1, "is_persistent": false});
    assert_eq!(post(&service, &room, &event).await["type"], "cursor");
    assert!(list(&service, &room, "").await.is_empty());
}

#[tokio::test]
async fn the_data_of_events_keep_every_digit() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    let body = r#"{"type":"number","data":0.1234567890123456789012345678901234567890}"#;
    let path = format!("{room}/events");
    assert_eq!(raw(service.post(&path), body).send().await.unwrap().status(), 201);
    let listed = service.get(&path).send().await.unwrap().text().await.unwrap();
    assert!(listed.contains(r#""data":0.1234567890123456789012345678901234567890,"#));
}

#[tokio::test]
async fn a_room_that_is_closed_or_not_open_yet_takes_no_events_but_lists_them() {
    let service = Service::start();
    let now = service.now();
    let event = json!({"type": "message", "data": 1});
    for time in [json!([now - 60, now]), json!([now + 1, null])] {
        let room = service.opened(&service.room_with("time", time)).await;
        let request = service.post(&format!("{room}/events")).json(&event);
        assert_error(request, 404, "room_closed").await;
        assert!(list(&service, &room, "").await.is_empty());
    }
}

#[tokio::test]
async fn an_event_without_a_type_or_data_is_422_in_plain_text() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    for event in [json!({"data": 1}), json!({"type": "message"}), json!({"type": 1, "data": 1})] {
        let request = service.post(&format!("{room}/events")).json(&event);
        assert_plain_error(request, 422).await;
    }
}

#[tokio::test]
async fn the_newest_events_come_first_unless_asked_otherwise() {
    let service = Service::start();
    let room = room_with_events(&service, 3).await;
    assert_eq!(data(&list(&service, &room, "").await), [2, 1, 0]);
    assert_eq!(data(&list(&service, &room, "?direction=backward").await), [2, 1, 0]);
    assert_eq!(data(&list(&service, &room, "?direction=forward").await), [0, 1, 2]);
}

#[tokio::test]
async fn a_listing_has_at_most_100_events() {
    let service = Service::start();
    let room = room_with_events(&service, 101).await;
    for (query, length) in [("", 100), ("?limit=1000", 100), ("?limit=7", 7), ("?limit=0", 0)] {
        assert_eq!(list(&service, &room, query).await.len(), length, "{query}");
    }
}

#[tokio::test]
async fn a_listing_goes_on_from_its_last_event_and_misses_none() {
    let service = Service::start();
    // The clock stands still, and yet no two events occur at once.
    let room = room_with_events(&service, 7).await;
    for (direction, expected) in
        [("backward", [6, 5, 4, 3, 2, 1, 0]), ("forward", [0, 1, 2, 3, 4, 5, 6])]
    {
        let mut all = list(&service, &room, &format!("?limit=3&direction={direction}")).await;
        for _ in 0..2 {
            let last = &all.last().unwrap()["occurred_at"];
            let query = format!("?limit=3&direction={direction}&last_occurred_at={last}");
            all.extend(list(&service, &room, &query).await);
        }
        assert_eq!(data(&all), expected, "{direction}");
    }
}

#[tokio::test]
async fn a_listing_can_be_of_one_type_and_is_of_one_room() {
    let service = Service::start();
    let room = room_with_events(&service, 2).await;
    room_with_events(&service, 2).await;
    post(&service, &room, &json!({"type": "reaction", "data": 9})).await;
    assert_eq!(data(&list(&service, &room, "").await), [9, 1, 0]);
    assert_eq!(data(&list(&service, &room, "?type=reaction").await), [9]);
    assert_eq!(data(&list(&service, &room, "?type=message").await), [1, 0]);
}
