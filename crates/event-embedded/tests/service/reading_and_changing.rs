//! Reading rooms and changing them.

use serde_json::{Value, json};

use crate::harness::*;

const OTHER_CLASSROOM: &str = "0193a5c1-0000-7cc3-9d3e-2f6a1c0b8e11";
const NO_ROOM: &str = "/api/v1/rooms/5f0e2a0c-6f5e-4e0e-9a5e-0d3b6a1c9f10";

async fn read(service: &Service, path: &str) -> Value {
    json_of(service.get(path).send().await.unwrap(), 200).await
}

async fn patched(service: &Service, path: &str, changes: Value) -> Value {
    let response = service.patch(path).json(&changes).send().await.unwrap();
    json_of(response, 200).await
}

#[tokio::test]
async fn a_room_that_does_not_exist_is_not_found() {
    let service = Service::start();
    assert_error(service.get(NO_ROOM), 404, "room_not_found").await;
    for changes in [json!({}), json!({"classroom_id": CLASSROOM})] {
        let request = service.patch(NO_ROOM).json(&changes);
        assert_error(request, 404, "room_not_found").await;
    }
    assert_error(service.get(&format!("{NO_ROOM}/events")), 404, "room_not_found").await;
    let event = json!({"type": "message", "data": {}});
    let request = service.post(&format!("{NO_ROOM}/events")).json(&event);
    assert_error(request, 404, "room_not_found").await;
}

#[tokio::test]
async fn a_change_answers_with_the_whole_room_and_leaves_the_rest_as_it_was() {
    let service = Service::start();
    let path = service.opened(&service.room_with("tags", json!({"grade": 7}))).await;
    let mut room = read(&service, &path).await;

    for (member, value) in [
        ("classroom_id", json!(OTHER_CLASSROOM)),
        ("tags", json!({"grade": 8})),
        ("time", json!([service.now(), service.now() + 60])),
    ] {
        room[member] = value.clone();
        assert_eq!(patched(&service, &path, json!({ member: value })).await, room);
        assert_eq!(read(&service, &path).await, room);
    }
}

#[tokio::test]
async fn a_change_of_nothing_answers_with_the_room_as_it_is() {
    let service = Service::start();
    let path = service.opened(&service.room()).await;
    let room = read(&service, &path).await;
    assert_eq!(patched(&service, &path, json!({})).await, room);
}

#[tokio::test]
async fn the_end_of_a_room_can_be_taken_away() {
    let service = Service::start();
    let time = json!([service.now(), service.now() + 60]);
    let path = service.opened(&service.room_with("time", time)).await;
    let room = patched(&service, &path, json!({"time": [service.now(), null]})).await;
    assert_eq!(room["time"], json!([service.now(), null]));
}

#[tokio::test]
async fn a_closed_room_can_be_bound_but_not_opened_again() {
    let service = Service::start();
    let now = service.now();
    let time = json!([now - 60, now - 30]);
    let path = service.opened(&service.room_with("time", time.clone())).await;

    let room = patched(&service, &path, json!({"classroom_id": OTHER_CLASSROOM})).await;
    assert_eq!(room["classroom_id"], OTHER_CLASSROOM);
    assert_eq!(room["time"], time);

    let reopen = service.patch(&path).json(&json!({"time": [now, null]}));
    assert_error(reopen, 404, "room_closed").await;
    assert_eq!(read(&service, &path).await["time"], time);
}

#[tokio::test]
async fn two_rooms_can_be_bound_to_the_same_classroom() {
    let service = Service::start();
    let one = service.opened(&service.room()).await;
    let two = service.opened(&service.room_with("classroom_id", json!(OTHER_CLASSROOM))).await;
    patched(&service, &two, json!({"classroom_id": CLASSROOM})).await;
    for path in [one, two] {
        assert_eq!(read(&service, &path).await["classroom_id"], CLASSROOM);
    }
}

#[tokio::test]
async fn an_open_room_keeps_its_start_and_ends_now_at_the_earliest() {
    let service = Service::start();
    let path = service.opened(&service.room()).await;
    let start = service.now();
    service.clock.advance(std::time::Duration::from_secs(100));

    let room = patched(&service, &path, json!({"time": [start + 50, start + 60]})).await;
    assert_eq!(room["time"], json!([start, service.now()]));
}

#[tokio::test]
async fn a_change_to_no_time_is_refused() {
    let service = Service::start();
    let path = service.opened(&service.room()).await;
    for time in [json!([null, null]), json!([5, 4])] {
        let request = service.patch(&path).json(&json!({ "time": time }));
        assert_error(request, 400, "invalid_room_time").await;
    }
    assert_plain_error(service.patch(&path).json(&json!({"classroom_id": 1})), 422).await;
}

#[tokio::test]
async fn changed_tags_keep_every_digit() {
    let service = Service::start();
    let path = service.opened(&service.room()).await;
    let tags = r#"{"n":1234567890123456789012345678901234567890}"#;
    let request = raw(service.patch(&path), format!(r#"{{"tags":{tags}}}"#));
    assert!(request.send().await.unwrap().text().await.unwrap().contains(tags));
    let read = service.get(&path).send().await.unwrap();
    assert!(read.text().await.unwrap().contains(tags));
}
