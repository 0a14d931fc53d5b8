//! What the event service answers, and what follows from it: status and body together.

use chats_domain::ports::{EventRoom, EventRooms, EventRoomsError};
use chats_domain::values::EventRoomId;

use crate::scripted::{Server, json, play, text};
use crate::{
    CHAT, ROOM, assert_refused, assert_unavailable, assert_unknown, chain, chat, client, new_room,
    room, room_json,
};

#[tokio::test]
async fn a_plain_text_422_says_that_the_body_is_wrong() {
    assert_refused(&open(&text("422 Unprocessable Entity", "missing field `time`")).await);
}

#[tokio::test]
async fn a_400_says_that_the_body_is_wrong() {
    assert_refused(&open(&text("400 Bad Request", "expected value at line 1")).await);
    assert_refused(&open(&json("400 Bad Request", &error("invalid_payload"))).await);
}

#[tokio::test]
async fn no_database_connection_means_not_done() {
    let error = error("database_connection_acquisition_failed");
    assert_unavailable(&open(&json("422 Unprocessable Entity", &error)).await);
}

#[tokio::test]
async fn a_failed_authorization_is_a_dependency_that_is_down() {
    let error = error("authorization_failed");
    assert_unavailable(&open(&json("422 Unprocessable Entity", &error)).await);
}

#[tokio::test]
async fn a_failed_broker_request_means_not_done() {
    let error = error("broker_request_failed");
    assert_unavailable(&open(&json("422 Unprocessable Entity", &error)).await);
}

#[tokio::test]
async fn a_failed_query_may_have_been_done() {
    let error = error("database_query_failed");
    assert_unknown(&open(&json("422 Unprocessable Entity", &error)).await);
}

#[tokio::test]
async fn an_error_that_says_it_is_json_and_is_not_may_have_been_any() {
    let cut = &error("database_query_failed")[..20];
    assert_unknown(&open(&json("422 Unprocessable Entity", cut)).await);
}

#[tokio::test]
async fn any_other_named_422_refuses() {
    let error = error("invalid_room_time");
    assert_refused(&open(&json("422 Unprocessable Entity", &error)).await);
}

#[tokio::test]
async fn a_missing_token_is_our_configuration() {
    assert_refused(&open(&json("401 Unauthorized", &error("no_authentication_token"))).await);
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_our_configuration() {
    assert_refused(&open(&json("401 Unauthorized", &error("invalid_authentication"))).await);
}

#[tokio::test]
async fn denied_access_is_our_configuration() {
    assert_refused(&open(&json("403 Forbidden", &error("access_denied"))).await);
}

#[tokio::test]
async fn a_room_that_is_not_there_is_nowhere_to_be_found() {
    let answer = json("404 Not Found", &error("room_not_found"));
    assert_eq!(find(&answer).await.unwrap(), None);
}

#[tokio::test]
async fn a_room_that_is_not_there_cannot_be_bound() {
    assert_refused(&bind(&json("404 Not Found", &error("room_not_found"))).await);
}

#[tokio::test]
async fn a_wrong_base_path_does_not_pass_for_a_room_that_is_not_there() {
    assert_refused(&find(&text("404 Not Found", "")).await);
    assert_refused(&find(&text("404 Not Found", "room_not_found")).await);
    assert_refused(&find(&json("404 Not Found", &error("route_not_found"))).await);
    assert_refused(&open(&text("404 Not Found", "Not Found")).await);
    assert_refused(&bind(&text("404 Not Found", "Not Found")).await);
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_refused() {
    assert_refused(&bind(&text("405 Method Not Allowed", "")).await);
}

#[tokio::test]
async fn too_many_requests_means_later() {
    assert_unavailable(&open(&text("429 Too Many Requests", "slow down")).await);
}

#[tokio::test]
async fn a_request_time_out_of_the_service_tells_nothing() {
    assert_unknown(&open(&text("408 Request Timeout", "")).await);
}

#[tokio::test]
async fn a_server_error_tells_nothing_whatever_it_says() {
    for status in [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "599 Whatever",
    ] {
        assert_unknown(&open(&text(status, "")).await);
        assert_unknown(&open(&json(status, &error("access_denied"))).await);
        assert_unknown(&open(&json(status, &error("authorization_failed"))).await);
    }
}

#[tokio::test]
async fn an_opened_room_that_cannot_be_read_may_be_any() {
    for body in [
        "",
        "created",
        "{}",
        "[]",
        r#"{"id":"7","audience":"school.example.org"}"#,
        &room_json(ROOM, CHAT)[..60],
    ] {
        assert_unknown(&open(&json("201 Created", body)).await);
    }
}

#[tokio::test]
async fn a_read_or_bound_room_that_cannot_be_read_may_be_any() {
    assert_unknown(&find(&json("200 OK", "{}")).await);
    assert_unknown(&bind(&json("200 OK", "{}")).await);
}

#[tokio::test]
async fn a_success_that_promises_no_room_tells_nothing() {
    assert_unknown(&open(&json("202 Accepted", &room_json(ROOM, CHAT))).await);
    assert_unknown(&bind("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await);
}

#[tokio::test]
async fn a_switch_of_protocols_tells_nothing() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
    assert_unknown(&open(answer).await);
}

#[tokio::test]
async fn the_room_that_follows_an_interim_answer_counts() {
    let room_json = json("201 Created", &room_json(ROOM, CHAT));
    let answer =
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n{room_json}");
    assert_eq!(open(&answer).await.unwrap(), room());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start().await;
    let target = Server::start().await;
    for (status, is_refused) in [
        ("301 Moved Permanently", true),
        ("302 Found", true),
        ("303 See Other", false),
        ("307 Temporary Redirect", true),
        ("308 Permanent Redirect", true),
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\nlocation: {}/\r\ncontent-length: 0\r\n\r\n",
            target.url()
        );
        let client = client(&server.url());
        let (opened, _) = play(client.open(&new_room()), server.answer_with(&answer)).await;
        if is_refused {
            assert_refused(&opened);
        } else {
            assert_unknown(&opened);
        }
        assert!(!target.was_called().await, "{status}");
    }
}

#[tokio::test]
async fn the_log_learns_the_status_and_the_name_of_an_error_but_not_its_text() {
    let error = r#"{"type":"access_denied","title":"a title","detail":"a detail"}"#;
    let error = open(&json("403 Forbidden", error)).await.unwrap_err();
    assert_eq!(chain(&error), "the event service refused: the answer is 403 access_denied");
}

async fn open(answer: &str) -> Result<EventRoomId, EventRoomsError> {
    let server = Server::start().await;
    let client = client(&server.url());
    play(client.open(&new_room()), server.answer_with(answer)).await.0
}

async fn find(answer: &str) -> Result<Option<EventRoom>, EventRoomsError> {
    let server = Server::start().await;
    let client = client(&server.url());
    play(client.find(room()), server.answer_with(answer)).await.0
}

async fn bind(answer: &str) -> Result<(), EventRoomsError> {
    let server = Server::start().await;
    let client = client(&server.url());
    play(client.bind(room(), chat()), server.answer_with(answer)).await.0
}

/// An error as the event service writes it.
fn error(name: &str) -> String {
    format!(r#"{{"type":"{name}","title":"A title","detail":"a detail"}}"#)
}
