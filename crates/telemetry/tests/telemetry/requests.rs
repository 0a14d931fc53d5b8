use std::time::Duration;

use chats_telemetry::Figures;

use crate::{lines, metrics};

const METHODS: [&str; 2] = ["GET", "POST"];
const ROUTES: [&str; 2] = ["/chats", "/chats/{chat_id}"];

#[test]
fn requests_are_counted_by_method_route_and_status() {
    let metrics = metrics();
    let requests = metrics.requests(&METHODS, &ROUTES);
    let millisecond = Duration::from_millis(1);
    for (method, route, status) in [(1, 0, 201), (0, 1, 200), (0, 1, 200), (0, 1, 404), (0, 0, 299)]
    {
        requests.began();
        requests.answered(method, route, status, millisecond);
    }
    let count = |method: &str, route: &str, status: u16, count: u32| {
        format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",\
             http_response_status_code=\"{status}\",http_route=\"{route}\"}} {count}"
        )
    };
    assert_eq!(
        lines(&metrics, &Figures::default(), "http_server_request"),
        [
            count("GET", "/chats/{chat_id}", 200, 2),
            count("GET", "/chats", 299, 1),
            count("GET", "/chats/{chat_id}", 404, 1),
            count("POST", "/chats", 201, 1),
        ]
    );
    let text = metrics.text(&Figures::default()).unwrap();
    let bucket = |bound: &str, count: u32| {
        format!(
            "_bucket{{http_request_method=\"POST\",http_response_status_code=\"201\",\
             http_route=\"/chats\",le=\"{bound}\"}} {count}"
        )
    };
    assert!(text.contains(&bucket("0.0005", 0)) && text.contains(&bucket("0.001", 1)), "{text}");
}

#[test]
fn requests_are_under_way_until_they_are_answered_or_abandoned() {
    let metrics = metrics();
    let requests = metrics.requests(&METHODS, &ROUTES);
    let under_way = || lines(&metrics, &Figures::default(), "http_server_active");
    (0..3).for_each(|_| requests.began());
    assert_eq!(under_way(), ["http_server_active_requests 3"]);
    requests.answered(0, 0, 200, Duration::ZERO);
    requests.abandoned();
    assert_eq!(under_way(), ["http_server_active_requests 1"]);
}
