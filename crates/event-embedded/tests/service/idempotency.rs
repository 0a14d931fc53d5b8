//! `Idempotency-Key`.

use chats_event_embedded::{IdempotencyKeys, Storage};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::*;

const KEY: &str = "Idempotency-Key";

async fn opened_id(request: RequestBuilder) -> Value {
    json_of(request.send().await.unwrap(), 201).await["id"].clone()
}

#[tokio::test]
async fn a_repeat_with_the_same_key_gives_the_same_room() {
    let service = Service::start();
    let one = opened_id(service.open().header(KEY, CLASSROOM)).await;
    let two = opened_id(service.open().header(KEY, CLASSROOM)).await;
    assert_eq!(one, two);
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn many_repeats_at_once_give_one_room() {
    let service = Service::start();
    let repeats: Vec<_> =
        (0..32).map(|_| tokio::spawn(opened_id(service.open().header(KEY, "lesson")))).collect();
    let mut ids = Vec::new();
    for repeat in repeats {
        ids.push(repeat.await.unwrap());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn repeats_at_once_to_two_services_on_one_file_give_one_room() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("event.sqlite"));
    let services =
        [(); 2].map(|()| Service::start_with(|settings| settings.storage = storage.clone()));

    let repeats: Vec<_> = (0..32)
        .map(|n| tokio::spawn(opened_id(services[n % 2].open().header(KEY, "lesson"))))
        .collect();
    let mut ids = Vec::new();
    for repeat in repeats {
        ids.push(repeat.await.unwrap());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(services[0].rooms().await, 1);
}

#[tokio::test]
async fn a_key_leads_to_its_room_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("event.sqlite"));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let service = Service::start_with(|settings| settings.storage = storage.clone());
        ids.push(opened_id(service.open().header(KEY, "lesson")).await);
        service.running.stop().await.unwrap();
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_key_leads_to_its_room_though_the_room_has_changed() {
    let service = Service::start();
    let id = opened_id(service.open().header(KEY, "lesson")).await;
    let path = format!("/api/v1/rooms/{}", id.as_str().unwrap());
    let tags = json!({"grade": 8});
    service.patch(&path).json(&json!({"tags": tags})).send().await.unwrap();

    let again = service.open().header(KEY, "lesson").send().await.unwrap();
    let again = json_of(again, 201).await;
    assert_eq!((&again["id"], &again["tags"]), (&id, &tags));
}

#[tokio::test]
async fn a_key_with_another_request_is_refused() {
    let service = Service::start();
    opened_id(service.open().header(KEY, "lesson")).await;
    for (member, value) in [
        ("audience", json!("other.example.org")),
        ("time", json!([1, null])),
        ("tags", json!({})),
        ("preserve_history", json!(false)),
        ("classroom_id", json!("0193a5c1-0000-7cc3-9d3e-2f6a1c0b8e11")),
        ("kind", json!("P2P")),
    ] {
        let room = service.room_with(member, value);
        let request = service.post("/api/v1/rooms").header(KEY, "lesson").json(&room);
        assert_error(request, 422, "idempotency_key_reused").await;
    }
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn the_way_a_request_is_written_does_not_count() {
    let service = Service::start();
    let one = opened_id(service.open().header(KEY, "lesson")).await;
    let room = service.room_with("preserve_history", json!(true));
    let spaced = serde_json::to_string_pretty(&room).unwrap();
    let request = raw(service.post("/api/v1/rooms").header(KEY, "lesson"), spaced);
    assert_eq!(opened_id(request).await, one);
}

#[tokio::test]
async fn keys_belong_to_accounts() {
    let service = Service::start();
    let one = opened_id(service.open().header(KEY, "lesson")).await;
    let other = service.by(TUTOR, Method::POST, "/api/v1/rooms").json(&service.room());
    assert_ne!(opened_id(other.header(KEY, "lesson")).await, one);
    assert_ne!(opened_id(service.open().header(KEY, "lesson-2")).await, one);
    assert_eq!(service.rooms().await, 3);
}

#[tokio::test]
async fn a_refused_request_uses_up_no_key() {
    let service = Service::start();
    let room = service.room_with("audience", json!("nowhere.example.org"));
    let refused = service.post("/api/v1/rooms").header(KEY, "lesson").json(&room);
    assert_error(refused, 403, "access_denied").await;
    opened_id(service.open().header(KEY, "lesson")).await;
}

#[tokio::test]
async fn an_empty_or_endless_key_is_refused() {
    let service = Service::start();
    for key in [String::new(), "é".into(), "k".repeat(256)] {
        let request = service.open().header(KEY, key);
        assert_error(request, 400, "invalid_idempotency_key").await;
    }
    opened_id(service.open().header(KEY, "k".repeat(255))).await;
}

#[tokio::test]
async fn keys_can_be_ignored_as_in_the_real_service() {
    let service =
        Service::start_with(|settings| settings.idempotency_keys = IdempotencyKeys::Ignored);
    let one = opened_id(service.open().header(KEY, "lesson")).await;
    let two = opened_id(service.open().header(KEY, "lesson")).await;
    assert_ne!(one, two);
    opened_id(service.open().header(KEY, "")).await;
}
