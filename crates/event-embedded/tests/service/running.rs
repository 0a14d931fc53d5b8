//! Starting and stopping.

use std::io::ErrorKind;
use std::time::Duration;

use chats_event_embedded::{Calls, Misbehaviour, When};
use tokio::net::TcpStream;

use crate::harness::*;

#[tokio::test]
async fn a_stopped_service_listens_no_more() {
    let service = Service::start();
    let address = service.running.address();
    assert!(TcpStream::connect(address).await.is_ok());
    service.running.stop().await.unwrap();
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_dropped_service_listens_no_more() {
    let service = Service::start();
    let address = service.running.address();
    drop(service);
    until(async || TcpStream::connect(address).await.is_err()).await;
}

#[tokio::test]
async fn stopping_lets_a_request_end() {
    let service = Service::start();
    service.faults.set(Misbehaviour::Delay { millis: 60_000 }.on(Calls::Open).once());
    let late = tokio::spawn(service.open().send());
    service.clock.until_asleep(1).await;

    let Service { event, clock, running, .. } = service;
    let stopping = tokio::spawn(running.stop());
    clock.advance(Duration::from_mins(1));
    assert_eq!(late.await.unwrap().unwrap().status(), 201);
    stopping.await.unwrap().unwrap();
    assert_eq!(event.rooms().await.unwrap().len(), 1);
}

#[tokio::test]
async fn stopping_cuts_what_hangs() {
    let service = Service::start();
    let hang = Misbehaviour::Hang { when: When::BeforeWork };
    service.faults.set(hang.on(Calls::Open).once());
    let hanging = tokio::spawn(service.open().send());
    until(async || service.faults.list().is_empty()).await;
    service.running.stop().await.unwrap();
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_run_side_by_side_in_one_process() {
    let (one, two) = (Service::start(), Service::start());
    one.opened(&one.room()).await;
    assert_eq!((one.rooms().await, two.rooms().await), (1, 0));
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let service = Service::start();
    let taken = service.event.listen(service.running.address()).err().unwrap();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

#[test]
fn listening_without_a_runtime_is_an_error_and_no_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let event = runtime.block_on(async { Service::start().event });
    assert!(event.listen("127.0.0.1:0").is_err());
}
