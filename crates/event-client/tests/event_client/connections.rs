//! Connections that serve more than one call.

use chats_domain::ports::{EventRooms, EventRoomsError};
use tokio::runtime;

use crate::scripted::{Server, json_and_go_on, play, play_to_the_end_of};
use crate::{CHAT, ROOM, STRANGER, assert_unknown, chat, client, new_room, room, room_json};

#[tokio::test]
async fn calls_share_a_connection() {
    let server = Server::start().await;
    let client = client(&server.url());
    let answer = json_and_go_on(&room_json(ROOM, CHAT));

    let (opened, (mut connection, _)) =
        play(client.open(&new_room()), server.answer_with(&answer)).await;
    opened.unwrap();
    for _ in 0..3 {
        let again = async {
            connection.request().await;
            connection.send(&answer).await;
        };
        let (found, ()) = play(client.find(room()), again).await;
        assert!(found.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_error_does_not_cost_the_connection() {
    let server = Server::start().await;
    let client = client(&server.url());
    let error = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 5\r\n\r\nsorry";
    let answer = json_and_go_on(&room_json(ROOM, CHAT));

    let (opened, (mut connection, _)) =
        play(client.open(&new_room()), server.answer_with(error)).await;
    assert_unknown(&opened);
    let again = async {
        connection.request().await;
        connection.send(&answer).await;
    };
    let (opened, ()) = play(client.open(&new_room()), again).await;
    assert_eq!(opened.unwrap(), room());
}

#[tokio::test]
async fn a_kept_connection_that_dies_with_the_next_request_tells_nothing_and_is_not_tried_again() {
    let server = Server::start().await;
    let client = client(&server.url());
    let answer = json_and_go_on(&room_json(ROOM, CHAT));

    let (bound, (mut connection, _)) =
        play(client.bind(room(), chat()), server.answer_with(&answer)).await;
    bound.unwrap();
    let dies = async move { drop(connection.request().await) };
    let (opened, ()) = play(client.open(&new_room()), dies).await;
    assert_unknown(&opened);
    assert!(!server.was_called().await);
}

#[tokio::test]
async fn a_kept_connection_that_dies_within_the_next_request_tells_nothing() {
    let server = Server::start().await;
    let client = client(&server.url());
    let answer = json_and_go_on(&room_json(ROOM, CHAT));

    let (bound, (mut connection, _)) =
        play(client.bind(room(), chat()), server.answer_with(&answer)).await;
    bound.unwrap();
    let dies = async move { connection.first_byte().await };
    let (opened, ()) = play(client.open(&new_room()), dies).await;
    assert_unknown(&opened);
}

/// Chance decides whether the client sees the end of the connection and takes another, or writes to the
/// one that is gone. Either way it must not conclude that nothing was done.
#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_is_replaced_or_tells_nothing() {
    let answer = json_and_go_on(&room_json(ROOM, CHAT));
    for round in 0..100 {
        let server = Server::start().await;
        let client = client(&server.url());
        let (bound, (connection, _)) =
            play(client.bind(room(), chat()), server.answer_with(&answer)).await;
        bound.unwrap();
        drop(connection);
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }

        let another_connection = server.answer_with_and_hang(&answer);
        let opened = play_to_the_end_of(client.open(&new_room()), another_connection).await;
        assert!(matches!(opened, Ok(_) | Err(EventRoomsError::Unknown(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_the_next_one() {
    let server = Server::start().await;
    let client = client(&server.url());
    let asked_for = json_and_go_on(&room_json(ROOM, CHAT));
    let not_asked_for = json_and_go_on(&room_json(STRANGER, CHAT));
    let both = format!("{asked_for}{not_asked_for}");

    let (found, (_connection, _)) = play(client.find(room()), server.answer_with(&both)).await;
    assert!(found.unwrap().is_some());
    let (found, _) = play(client.find(room()), server.answer_with(&asked_for)).await;
    assert!(matches!(found, Ok(Some(_)) | Err(EventRoomsError::Unknown(_))), "{found:?}");
}

#[test]
fn a_connection_outlives_the_runtime_of_the_call_that_opened_it() {
    let main = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (server, client) = main.block_on(async {
        let server = Server::start().await;
        let client = client(&server.url());
        (server, client)
    });
    main.spawn(async move {
        let answer = json_and_go_on(&room_json(ROOM, CHAT));
        let (mut connection, _) = server.answer_with(&answer).await;
        connection.request().await;
        connection.send(&answer).await;
    });

    for _ in 0..2 {
        let worker = runtime::Builder::new_current_thread().build().unwrap();
        let found = worker.block_on(client.find(room()));
        assert!(found.unwrap().is_some());
    }
}
