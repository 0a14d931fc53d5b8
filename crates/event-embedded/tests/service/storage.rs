//! What outlives the service.

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

use chats_event_embedded::{EventService, OpenError, Settings, Storage};
use chats_testkit::memory::{LiteralTokens, ManualClock};
use serde_json::json;

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

#[test]
fn several_processes_may_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..20 {
        let file = folder.path().join(format!("{file}.sqlite"));
        let all_are_there = Barrier::new(8);
        thread::scope(|scope| {
            let processes: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        all_are_there.wait();
                        open(&file).map(drop)
                    })
                })
                .collect();
            for process in processes {
                process.join().unwrap().unwrap();
            }
        });
    }
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
    let opened = open(&folder.path().join("no-such-folder/event.sqlite"));
    assert!(matches!(opened, Err(OpenError::Open(_))));
}

fn open(file: &Path) -> Result<EventService, OpenError> {
    let settings = Settings { storage: Storage::File(file.into()), ..Settings::default() };
    EventService::open(settings, Arc::new(LiteralTokens), Arc::new(ManualClock::default()))
}

async fn text_of(service: &Service, path: &str) -> String {
    let response = service.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}
