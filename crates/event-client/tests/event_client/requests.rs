//! What is asked.

use chats_domain::ports::{EventRoom, EventRooms};
use chats_event_client::{EventClient, RoomKind, Settings};
use serde_json::{Value, json};

use crate::scripted::{self, Request, Server, play};
use crate::{
    CHAT, ROOM, STRANGER, Token, chat, client, client_with, new_room, room, room_json, settings,
};

#[tokio::test]
async fn a_room_is_opened_for_the_chat_from_its_second_on_without_an_end() {
    let server = Server::start().await;
    let request = open_request(&server, &client(&server.url())).await;

    assert_eq!(request.line, "POST /api/v1/rooms HTTP/1.1");
    assert_eq!(
        body(&request),
        json!({
            "audience": "school.example.org",
            "time": [1_732_281_600, null],
            "classroom_id": CHAT,
            "kind": "Webinar",
        })
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("idempotency-key"), Some("0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11"));
    assert_eq!(request.header("user-agent"), Some(concat!("chats/", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn a_repeat_is_the_same_request() {
    let server = Server::start().await;
    let client = client(&server.url());
    let first = open_request(&server, &client).await;
    let again = open_request(&server, &client).await;
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
}

#[tokio::test]
async fn the_room_that_was_opened_is_told() {
    let server = Server::start().await;
    let client = client(&server.url());
    for status in ["201 Created", "200 OK"] {
        let answer = scripted::json(status, &room_json(ROOM, CHAT));
        let (opened, _) = play(client.open(&new_room()), server.answer_with(&answer)).await;
        assert_eq!(opened.unwrap(), room(), "{status}");
    }
}

#[tokio::test]
async fn another_kind_of_room_is_asked_for_if_the_settings_say_so() {
    let server = Server::start().await;
    let settings = Settings { room_kind: Some(RoomKind::Minigroup), ..settings(&server.url()) };
    let client = EventClient::new(&settings, None).unwrap();
    let request = open_request(&server, &client).await;
    assert_eq!(body(&request)["kind"], "Minigroup");
}

#[tokio::test]
async fn an_event_service_without_kinds_is_told_of_none() {
    let server = Server::start().await;
    let settings = Settings { room_kind: None, ..settings(&server.url()) };
    let client = EventClient::new(&settings, None).unwrap();
    let request = open_request(&server, &client).await;
    assert_eq!(body(&request).get("kind"), None);
}

#[tokio::test]
async fn a_room_is_found_with_its_audience_and_what_it_is_bound_to() {
    let server = Server::start().await;
    let client = client(&server.url());
    let answer = scripted::json("200 OK", &room_json(ROOM, CHAT));

    let (found, (_, request)) = play(client.find(room()), server.answer_with(&answer)).await;
    assert_eq!(
        found.unwrap(),
        Some(EventRoom { audience: "school.example.org".parse().unwrap(), bound_to: Some(chat()) })
    );
    assert_eq!(request.line, format!("GET /api/v1/rooms/{ROOM} HTTP/1.1"));
    assert_eq!(request.body, "");
    assert_eq!(request.header("idempotency-key"), None);
}

#[tokio::test]
async fn a_room_that_is_bound_to_no_uuid_is_found_unbound() {
    let server = Server::start().await;
    let client = client(&server.url());
    let room_json = room_json(ROOM, CHAT).replace(&CHAT.to_string(), "lesson-42");
    let answer = scripted::json("200 OK", &room_json);

    let (found, _) = play(client.find(room()), server.answer_with(&answer)).await;
    assert_eq!(found.unwrap().unwrap().bound_to, None);
}

#[tokio::test]
async fn a_room_of_an_audience_that_no_chat_can_have_is_not_found() {
    let server = Server::start().await;
    let client = client(&server.url());
    let room_json = room_json(ROOM, CHAT).replace("school.example.org", "two words");
    let answer = scripted::json("200 OK", &room_json);

    let (found, _) = play(client.find(room()), server.answer_with(&answer)).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn a_room_is_bound_by_its_classroom_and_nothing_else_of_it_is_touched() {
    let server = Server::start().await;
    let client = client(&server.url());
    let answer = scripted::json("200 OK", &room_json(ROOM, CHAT));

    let (bound, (_, request)) =
        play(client.bind(room(), chat()), server.answer_with(&answer)).await;
    bound.unwrap();
    assert_eq!(request.line, format!("PATCH /api/v1/rooms/{ROOM} HTTP/1.1"));
    assert_eq!(body(&request), json!({"classroom_id": CHAT}));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn every_call_carries_the_token() {
    let server = Server::start().await;
    let client = client_with(&server.url(), Token(Ok("a.b.c")));
    let answer = scripted::json("200 OK", &room_json(ROOM, CHAT));

    let mut requests = vec![open_request(&server, &client).await];
    let (_, (_, find)) = play(client.find(room()), server.answer_with(&answer)).await;
    requests.push(find);
    let (_, (_, bind)) = play(client.bind(room(), chat()), server.answer_with(&answer)).await;
    requests.push(bind);

    for request in requests {
        assert_eq!(request.header("authorization"), Some("Bearer a.b.c"));
    }
}

#[tokio::test]
async fn without_a_source_of_tokens_none_is_sent() {
    let server = Server::start().await;
    let request = open_request(&server, &client(&server.url())).await;
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn the_api_may_begin_below_a_path() {
    let server = Server::start().await;
    for path in ["/platform/event", "/platform/event/"] {
        let client = client(&format!("{}{path}", server.url()));
        let request = open_request(&server, &client).await;
        assert_eq!(request.line, "POST /platform/event/api/v1/rooms HTTP/1.1");
    }
}

#[tokio::test]
async fn the_room_that_is_answered_must_be_the_one_that_was_asked_for() {
    let server = Server::start().await;
    let client = client(&server.url());

    let of_another_chat = scripted::json("201 Created", &room_json(ROOM, STRANGER));
    let (opened, _) = play(client.open(&new_room()), server.answer_with(&of_another_chat)).await;
    crate::assert_unknown(&opened);

    let another = scripted::json("200 OK", &room_json(STRANGER, CHAT));
    let (found, _) = play(client.find(room()), server.answer_with(&another)).await;
    crate::assert_unknown(&found);
    let (bound, _) = play(client.bind(room(), chat()), server.answer_with(&another)).await;
    crate::assert_unknown(&bound);

    let not_bound = scripted::json("200 OK", &room_json(ROOM, STRANGER));
    let (bound, _) = play(client.bind(room(), chat()), server.answer_with(&not_bound)).await;
    crate::assert_unknown(&bound);
}

/// What the client sends to open a room. The connection does not outlive it.
async fn open_request(server: &Server, client: &EventClient) -> Request {
    let answer = scripted::json("201 Created", &room_json(ROOM, CHAT));
    let (opened, (_, request)) = play(client.open(&new_room()), server.answer_with(&answer)).await;
    opened.unwrap();
    request
}

fn body(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}
