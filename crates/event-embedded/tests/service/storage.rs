//! What outlives the service.

use chats_event_embedded::{OpenError, Settings, Storage};
use chats_testkit::memory::{LiteralTokens, ManualClock};
use serde_json::json;
use std::sync::Arc;

use crate::harness::*;

#[tokio::test]
async fn rooms_and_events_outlive_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("event.sqlite"));

    let service = Service::start_with(|settings| settings.storage = storage.clone());
    let room = service.opened(&service.room_with("tags", json!({"grade": 7}))).await;
    let events = format!("{room}/events");
    let event = json!({"type": "message", "label": "m", "attribute": "pinned", "data": [1]});
    service.post(&events).json(&event).send().await.unwrap();
    let before = [text_of(&service, &room).await, text_of(&service, &events).await];
    // Not stopped, but dropped at once.
    drop(service);

    let service = Service::start_with(|settings| settings.storage = storage.clone());
    assert_eq!([text_of(&service, &room).await, text_of(&service, &events).await], before);
}

#[tokio::test]
async fn what_is_in_memory_does_not_outlive_the_service() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    drop(service);
    assert_error(Service::start().get(&room), 404, "room_not_found").await;
}

#[test]
fn a_file_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        storage: Storage::File(folder.path().join("no-such-folder/event.sqlite")),
        ..Settings::default()
    };
    let opened = chats_event_embedded::EventService::open(
        settings,
        Arc::new(LiteralTokens),
        Arc::new(ManualClock::default()),
    );
    assert!(matches!(opened, Err(OpenError::Open(_))));
}

async fn text_of(service: &Service, path: &str) -> String {
    let response = service.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}
