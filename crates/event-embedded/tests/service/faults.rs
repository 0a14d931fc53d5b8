//! The faults, each of them, and their switch.

use std::time::Duration;

use chats_event_embedded::{Calls, ErrorStatus, Fault, Misbehaviour, When};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::*;

fn status(status: u16) -> ErrorStatus {
    status.try_into().unwrap()
}

/// Asks for a room past any HTTP client, and returns all that comes back before the connection ends.
async fn answer_to_the_end(service: &Service) -> String {
    let body = service.room().to_string();
    let length = body.len();
    let request = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {SERVICE}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut connection = TcpStream::connect(service.running.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_delayed_call_is_worked_on_late() {
    let service = Service::start();
    service.faults.set(Misbehaviour::Delay { millis: 60_000 }.on(Calls::Open).once());
    let late = tokio::spawn(service.open().send());
    service.clock.until_asleep(1).await;
    assert_eq!(service.rooms().await, 0);

    service.clock.advance(Duration::from_mins(1));
    assert_eq!(late.await.unwrap().unwrap().status(), 201);
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn a_delayed_call_is_worked_on_though_its_client_has_left() {
    let service = Service::start();
    service.faults.set(Misbehaviour::Delay { millis: 60_000 }.on(Calls::Open).once());
    let late = tokio::spawn(service.open().send());
    service.clock.until_asleep(1).await;
    late.abort();
    assert!(late.await.unwrap_err().is_cancelled());
    // Both of the service's threads answer, so both have had the time to see that the client is gone.
    for _ in 0..4 {
        answer_to_health_check(&service).await;
    }

    service.clock.advance(Duration::from_mins(1));
    service.until_rooms(1).await;
}

async fn answer_to_health_check(service: &Service) {
    let mut connection = TcpStream::connect(service.running.address()).await.unwrap();
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("pong"));
}

#[tokio::test]
async fn a_refused_call_is_not_worked_on() {
    let service = Service::start();
    let refuse = Misbehaviour::Refuse {
        status: status(422),
        kind: "database_connection_acquisition_failed".into(),
    };
    service.faults.set(refuse.on(Calls::Open).once());
    assert_error(service.open(), 422, "database_connection_acquisition_failed").await;
    assert_eq!(service.rooms().await, 0);
    assert_eq!(service.open().send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_failed_call_is_worked_on_or_not_as_was_asked() {
    for (when, rooms) in [(When::BeforeWork, 0), (When::AfterWork, 1)] {
        let service = Service::start();
        let kind = Some("database_query_failed".into());
        let fail = Misbehaviour::Fail { status: status(500), kind, when };
        service.faults.set(fail.on(Calls::Open).once());
        assert_error(service.open(), 500, "database_query_failed").await;
        assert_eq!(service.rooms().await, rooms);
    }
}

#[tokio::test]
async fn a_failure_can_look_like_a_proxys() {
    let service = Service::start();
    let fail = Misbehaviour::Fail { status: status(502), kind: None, when: When::BeforeWork };
    service.faults.set(fail.on(Calls::Any));
    assert_plain_error(service.open(), 502).await;
}

#[tokio::test]
async fn a_cut_call_gets_not_a_byte_and_is_worked_on_or_not_as_was_asked() {
    for (when, rooms) in [(When::BeforeWork, 0), (When::AfterWork, 1)] {
        let service = Service::start();
        service.faults.set(Misbehaviour::Cut { when }.on(Calls::Open));
        assert_eq!(answer_to_the_end(&service).await, "");
        assert_eq!(service.rooms().await, rooms);
    }
}

#[tokio::test]
async fn a_cut_call_is_an_error_to_an_http_client_and_the_next_one_is_fine() {
    let service = Service::start();
    // The connection is in the client's pool when it is cut.
    assert_eq!(service.open().send().await.unwrap().status(), 201);
    let cut = Misbehaviour::Cut { when: When::AfterWork };
    service.faults.set(cut.on(Calls::Open).once());
    assert!(service.open().send().await.is_err());
    assert_eq!(service.rooms().await, 2);
    assert_eq!(service.open().send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_its_body() {
    let service = Service::start();
    service.faults.set(Misbehaviour::Truncate {}.on(Calls::Open));
    let answer = answer_to_the_end(&service).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    assert!(body.starts_with(r#"{"id":""#) && !body.ends_with('}'), "{body}");
    assert_eq!(service.rooms().await, 1);

    let answer = service.open().send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn a_garbled_answer_is_whole_and_does_not_parse() {
    let service = Service::start();
    service.faults.set(Misbehaviour::Garble {}.on(Calls::Open).once());
    let answer = service.open().send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let body = answer.text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
    assert_eq!(service.rooms().await, 1);
}

#[tokio::test]
async fn a_hanging_call_is_never_answered_and_worked_on_or_not_as_was_asked() {
    for (when, rooms) in [(When::BeforeWork, 0), (When::AfterWork, 1)] {
        let service = Service::start();
        service.faults.set(Misbehaviour::Hang { when }.on(Calls::Open).once());
        let hanging = tokio::spawn(service.open().send());
        until(async || service.faults.list().is_empty()).await;
        service.until_rooms(rooms).await;

        // Others are served meanwhile.
        service.opened(&service.room()).await;
        assert!(!hanging.is_finished());

        service.faults.clear();
        assert!(hanging.await.unwrap().is_err());
        assert_eq!(service.rooms().await, rooms + 1);
    }
}

#[tokio::test]
async fn a_fault_strikes_the_calls_it_is_meant_for_and_no_others() {
    let service = Service::start();
    let room = service.opened(&service.room()).await;
    let events = format!("{room}/events");
    let teapot = Misbehaviour::Refuse { status: status(418), kind: "teapot".into() };

    for (on, struck) in [
        (Calls::Open, [true, false, false, false]),
        (Calls::Find, [false, true, false, false]),
        (Calls::Bind, [false, false, true, false]),
        (Calls::Any, [true, true, true, true]),
    ] {
        service.faults.set(teapot.clone().on(on));
        let requests = [
            service.open(),
            service.get(&room),
            service.patch(&room).json(&json!({"classroom_id": CLASSROOM})),
            service.get(&events),
        ];
        for (request, struck) in requests.into_iter().zip(struck) {
            let status = request.send().await.unwrap().status();
            assert_eq!(status == 418, struck, "{on:?} {status}");
        }
    }
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_was_asked() {
    let service = Service::start();
    let garble = Misbehaviour::Garble {}.on(Calls::Find);
    service.faults.set(Fault { times: 2.try_into().ok(), ..garble });
    let room = service.opened(&service.room()).await;
    let mut parsed = Vec::new();
    for _ in 0..3 {
        let answer = service.get(&room).send().await.unwrap();
        parsed.push(answer.json::<Value>().await.is_ok());
    }
    assert_eq!(parsed, [false, false, true]);
}

#[tokio::test]
async fn faults_can_be_switched_from_outside() {
    let service = Service::start();
    let faults = |method| service.bare(method, "/test/faults");
    let cut = json!({"fault": "cut", "when": "before_work", "on": "open", "times": 3});
    let garble = json!({"fault": "garble", "on": "any"});

    let shown = faults(Method::PUT).json(&cut).send().await.unwrap();
    assert_eq!(json_of(shown, 200).await, json!([cut]));
    assert!(service.open().send().await.is_err());

    let shown = faults(Method::POST).json(&garble).send().await.unwrap();
    let mut left = cut.clone();
    left["times"] = json!(2);
    assert_eq!(json_of(shown, 200).await, json!([left, garble]));
    let shown = faults(Method::GET).send().await.unwrap();
    assert_eq!(json_of(shown, 200).await, json!([left, garble]));

    let shown = faults(Method::PUT).json(&garble).send().await.unwrap();
    assert_eq!(json_of(shown, 200).await, json!([garble]));
    let shown = faults(Method::DELETE).send().await.unwrap();
    assert_eq!(json_of(shown, 200).await, json!([]));
    assert_eq!(service.open().send().await.unwrap().status(), 201);

    assert_plain_error(faults(Method::PUT).json(&json!({"fault": "explode"})), 422).await;
}

#[tokio::test]
async fn rooms_can_be_counted_from_outside() {
    let service = Service::start();
    service.opened(&service.room()).await;
    let other = "0193a5c1-0000-7cc3-9d3e-2f6a1c0b8e11";
    service.opened(&service.room_with("classroom_id", json!(other))).await;

    let rooms = service.bare(Method::GET, "/test/rooms").send().await.unwrap();
    let rooms = json_of(rooms, 200).await;
    assert_eq!(rooms[0]["classroom_id"], CLASSROOM);
    assert_eq!(rooms[1]["classroom_id"], other);

    let path = format!("/test/rooms?classroom_id={other}");
    let found = service.bare(Method::GET, &path).send().await.unwrap();
    assert_eq!(json_of(found, 200).await, json!([rooms[1]]));
}

#[tokio::test]
async fn without_faults_nothing_of_the_tests_exists() {
    let service = Service::start_with(|settings| settings.faults = None);
    for (method, path) in
        [(Method::GET, "/test/faults"), (Method::PUT, "/test/faults"), (Method::GET, "/test/rooms")]
    {
        let request = service.by(SERVICE, method, path).json(&json!({"fault": "garble"}));
        assert_eq!(request.send().await.unwrap().status(), 404);
    }
    // Not even a switch that was kept: this one belongs to nothing.
    service.faults.set(Misbehaviour::Garble {}.on(Calls::Any));
    service.opened(&service.room()).await;
}
