//! Calls that come to no answer. What matters is whether the request can have arrived.

use std::{future::pending, time::Duration};

use chats_domain::ports::EventRooms;
use tokio::net::TcpSocket;

use crate::scripted::{Server, json, play, play_to_the_end_of};
use crate::{
    CHAT, ROOM, Token, assert_unavailable, assert_unknown, chain, chat, client, client_with,
    client_within, new_room, room, room_json,
};

const SOON: Duration = Duration::from_millis(100);
/// So late that a busy machine does not mistake it for soon.
const LATE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_refused_connection_means_not_done() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = client(&format!("http://{}", socket.local_addr().unwrap()));

    assert_unavailable(&client.open(&new_room()).await);
    assert_unavailable(&client.find(room()).await);
    assert_unavailable(&client.bind(room(), chat()).await);
}

#[tokio::test]
async fn a_host_without_an_address_means_not_done() {
    // Longer than a label of a name can be, so that it is known without asking anybody.
    let client = client(&format!("http://{}.invalid", "event".repeat(13)));
    assert_unavailable(&client.open(&new_room()).await);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_swallows_connections_means_not_done() {
    // A queue for one connection, and one that nobody accepts in it: Linux drops what comes next.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _in_the_queue = tokio::net::TcpStream::connect(address).await.unwrap();

    let client = client_within(SOON, LATE, &format!("http://{address}"));
    assert_unavailable(&client.open(&new_room()).await);
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_means_not_done() {
    let server = Server::start().await;
    let client = client_within(SOON, LATE, &server.url().replace("http://", "https://"));
    let silence = async {
        let mut connection = server.accept().await;
        connection.first_byte().await;
        pending().await
    };
    let opened = play_to_the_end_of(client.open(&new_room()), silence).await;
    assert_unavailable(&opened);
}

#[tokio::test]
async fn a_tls_handshake_that_fails_means_not_done() {
    let server = Server::start().await;
    let client = client(&server.url().replace("http://", "https://"));
    let plain = async {
        let mut connection = server.accept().await;
        connection.first_byte().await;
        connection.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection
    };
    let (opened, _connection) = play(client.open(&new_room()), plain).await;
    assert_unavailable(&opened);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let server = Server::start().await;
    let client = client_with(&server.url(), Token(Err("the signer is broken")));
    let opened = client.open(&new_room()).await;
    assert_eq!(
        chain(opened.as_ref().unwrap_err()),
        "the event service is unavailable: there is no token to send: the signer is broken"
    );
    assert_unavailable(&opened);
    assert!(!server.was_called().await);
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_not_sent_and_not_shown() {
    let server = Server::start().await;
    let client = client_with(&server.url(), Token(Ok("secret\r\nX: y")));
    let opened = client.open(&new_room()).await;
    let error = opened.as_ref().unwrap_err();
    let shown = format!("{} {error:?}", chain(error));
    assert!(!shown.contains("secret"), "{shown}");
    assert_unavailable(&opened);
    assert!(!server.was_called().await);
}

#[tokio::test]
async fn a_service_that_never_answers_tells_nothing() {
    let server = Server::start().await;
    let client = client_within(SOON, SOON * 2, &server.url());
    let silence = server.answer_with_and_hang("");
    let opened = play_to_the_end_of(client.open(&new_room()), silence).await;
    assert_unknown(&opened);
}

#[tokio::test]
async fn an_answer_that_never_ends_tells_nothing() {
    let server = Server::start().await;
    let client = client_within(SOON, SOON * 2, &server.url());
    let answer = json("201 Created", &room_json(ROOM, CHAT));
    let part = &answer[..answer.len() - 1];
    let silence = server.answer_with_and_hang(part);
    let opened = play_to_the_end_of(client.open(&new_room()), silence).await;
    assert_unknown(&opened);
}

#[tokio::test]
async fn a_connection_that_is_closed_at_once_tells_nothing_and_is_not_tried_again() {
    let server = Server::start().await;
    let client = client(&server.url());
    let close = async { drop(server.accept().await) };
    let (opened, ()) = play(client.open(&new_room()), close).await;
    assert_unknown(&opened);
    assert!(!server.was_called().await);
}

#[tokio::test]
async fn a_connection_that_is_cut_within_the_request_tells_nothing() {
    let server = Server::start().await;
    let client = client(&server.url());
    let cut = async { server.accept().await.first_byte().await };
    let (opened, ()) = play(client.open(&new_room()), cut).await;
    assert_unknown(&opened);
}

#[tokio::test]
async fn an_answer_that_is_cut_anywhere_tells_nothing() {
    let server = Server::start().await;
    let client = client(&server.url());
    for whole in [
        json("201 Created", &room_json(ROOM, CHAT)),
        json("403 Forbidden", r#"{"type":"access_denied"}"#),
        json("422 Unprocessable Entity", r#"{"type":"authorization_failed"}"#),
    ] {
        for length in 0..whole.len() {
            let cut = async { drop(server.answer_with(&whole[..length]).await) };
            let (opened, ()) = play(client.open(&new_room()), cut).await;
            assert_unknown(&opened);
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_counts_if_it_is_whole() {
    let server = Server::start().await;
    let client = client(&server.url());
    let head = "HTTP/1.0 201 Created\r\ncontent-type: application/json\r\n\r\n";
    let room_json = room_json(ROOM, CHAT);

    let whole = format!("{head}{room_json}");
    let answer = async { drop(server.answer_with(&whole).await) };
    let (opened, ()) = play(client.open(&new_room()), answer).await;
    assert_eq!(opened.unwrap(), room());

    let cut = async { drop(server.answer_with(&whole[..whole.len() - 1]).await) };
    let (opened, ()) = play(client.open(&new_room()), cut).await;
    assert_unknown(&opened);
}

#[tokio::test]
async fn a_body_in_chunks_counts_if_it_is_whole() {
    let server = Server::start().await;
    let client = client(&server.url());
    let head = "HTTP/1.1 201 Created\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let room_json = room_json(ROOM, CHAT);
    let (first, second) = room_json.split_at(40);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n", first.len(), second.len());

    let whole = format!("{head}{chunks}0\r\n\r\n");
    let (opened, _) = play(client.open(&new_room()), server.answer_with(&whole)).await;
    assert_eq!(opened.unwrap(), room());

    // All of the room is there, but not the chunk that says so.
    let unfinished = format!("{head}{chunks}");
    let cut = async { drop(server.answer_with(&unfinished).await) };
    let (opened, ()) = play(client.open(&new_room()), cut).await;
    assert_unknown(&opened);
}

#[tokio::test]
async fn what_is_not_http_tells_nothing() {
    let server = Server::start().await;
    let client = client(&server.url());
    for garbage in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 201 Created\r\ncontent-length: many\r\n\r\n",
        "HTTP/1.1 201 Created\r\nno colon here\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let answer = async { drop(server.answer_with(garbage).await) };
        let (opened, ()) = play(client.open(&new_room()), answer).await;
        assert_unknown(&opened);
    }
}

#[tokio::test]
async fn a_body_is_as_long_as_its_head_says() {
    let server = Server::start().await;
    let client = client(&server.url());
    let room_json = room_json(ROOM, CHAT);
    for (length, is_whole) in
        [(room_json.len() - 1, false), (room_json.len(), true), (room_json.len() + 1, false)]
    {
        let answer = format!(
            "HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{room_json}"
        );
        let answer = async { drop(server.answer_with(&answer).await) };
        let (opened, ()) = play(client.open(&new_room()), answer).await;
        assert_eq!(opened.is_ok(), is_whole, "{length}");
        if !is_whole {
            assert_unknown(&opened);
        }
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_to_it() {
    let server = Server::start().await;
    let client = client(&server.url());
    for head in [
        "HTTP/1.1 201 Created\r\ncontent-length: 1000000000000\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n",
    ] {
        let flood = async {
            let (mut connection, _) = server.answer_with(head).await;
            let megabyte = vec![b' '; 1 << 20];
            let mut megabytes = 0;
            while connection.send_what_it_takes(&megabyte).await {
                megabytes += 1;
                assert!(megabytes < 64, "the client reads on and on");
            }
        };
        let (opened, ()) = play(client.open(&new_room()), flood).await;
        assert_eq!(
            chain(opened.as_ref().unwrap_err()),
            "the event service did not tell whether it did it: \
             the answer is longer than 1048576 bytes"
        );
        assert_unknown(&opened);
    }
}

#[tokio::test]
async fn a_long_body_is_read_up_to_the_limit() {
    let server = Server::start().await;
    let client = client(&server.url());
    let room_json = room_json(ROOM, CHAT);
    let spaces = |length: usize| " ".repeat(length - room_json.len());
    for (length, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let body = format!("{room_json}{}", spaces(length));
        let answer = json("201 Created", &body);
        let long = async {
            let (mut connection, _) = server.answer_with("").await;
            connection.send_what_it_takes(&answer).await;
            connection
        };
        let (opened, _) = play(client.open(&new_room()), long).await;
        assert_eq!(opened.is_ok(), fits);
        if !fits {
            assert_unknown(&opened);
        }
    }
}
