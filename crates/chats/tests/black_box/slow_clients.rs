//! Clients that hold what they do not use: none holds it for long, and none hinders others.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::support::{Database, Deployment, Raw};

/// No test waits longer than this for what must come.
const LONG: Duration = Duration::from_secs(30);

const GET: &str = "GET /api/v1/chats/7 HTTP/1.1\r\nHost: chats\r\n\r\n";

/// Tests wait for time-outs, so these are as short as they may be.
const IMPATIENT: [(&str, &str); 2] =
    [("CHATS_HTTP__KEEP_ALIVE", "1s"), ("CHATS_HTTP__CLIENT_TIMEOUT", "1s")];

/// Longer than any test takes.
const PATIENT: [(&str, &str); 2] =
    [("CHATS_HTTP__KEEP_ALIVE", "1h"), ("CHATS_HTTP__CLIENT_TIMEOUT", "1h")];

async fn deployment(variables: &[(&str, &str)]) -> Deployment {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    deployment.start_with(variables);
    deployment
}

fn post_head(headers: &str) -> String {
    format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\n{headers}\r\n",
        Deployment::token("tutor-7.school.example.org")
    )
}

/// Sends the same again and again, until the other end closes the connection.
async fn send_until_closed(connection: &mut Raw, bytes: &str) {
    timeout(LONG, async { while connection.send(bytes).await {} }).await.unwrap();
}

#[tokio::test]
async fn a_connection_on_which_no_head_becomes_complete_is_closed() {
    let deployment = deployment(&IMPATIENT).await;
    let mut silent = Raw::to(&deployment).await;
    let mut half = Raw::to(&deployment).await;
    half.send(&GET[..10]).await;
    assert_eq!(silent.until_closed().await, [408]);
    assert_eq!(half.until_closed().await, [408]);
}

#[tokio::test]
async fn a_later_head_has_no_more_time_than_an_idle_connection() {
    let deployment = deployment(&IMPATIENT).await;
    let mut idle = Raw::to(&deployment).await;
    let mut half = Raw::to(&deployment).await;
    for connection in [&mut idle, &mut half] {
        connection.send(GET).await;
        assert_eq!(connection.statuses(1).await, [401]);
    }
    half.send(&GET[..10]).await;
    assert_eq!(idle.until_closed().await, [401]);
    assert_eq!(half.until_closed().await, [401]);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_answered_and_the_connection_closed() {
    let deployment = deployment(&IMPATIENT).await;
    for headers in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut connection = Raw::to(&deployment).await;
        connection.send(post_head(headers)).await;
        connection.send("1\r\n{\r\n").await;
        assert_eq!(connection.until_closed().await, [400], "{headers}");
    }
}

#[tokio::test]
async fn a_body_that_goes_on_after_its_answer_does_not_go_on_for_ever() {
    let deployment = deployment(&IMPATIENT).await;
    for headers in ["Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut connection = Raw::to(&deployment).await;
        connection.send(post_head(headers)).await;
        send_until_closed(&mut connection, &format!("400\r\n{}\r\n", " ".repeat(1024))).await;
    }
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_not_served_for_ever() {
    let deployment = deployment(&IMPATIENT).await;
    let address: SocketAddr = deployment.url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut connection = Raw::from(socket.connect(address).await.unwrap());
    send_until_closed(&mut connection, &GET.repeat(100)).await;
}

#[tokio::test]
async fn requests_that_come_all_at_once_are_answered_in_their_order() {
    let deployment = deployment(&PATIENT).await;
    let mut connection = Raw::to(&deployment).await;
    let unknown = "GET /nowhere HTTP/1.1\r\nHost: chats\r\n\r\n";
    connection.send(format!("{GET}{unknown}").repeat(500)).await;
    assert_eq!(connection.statuses(1_000).await, [401, 404].repeat(500));
}

#[tokio::test]
async fn slow_clients_do_not_hinder_others() {
    let deployment = deployment(&PATIENT).await;
    let mut slow = Vec::new();
    for n in 0..500 {
        let mut connection = Raw::to(&deployment).await;
        match n % 3 {
            0 => {}
            1 => assert!(connection.send(&GET[..10]).await),
            _ => assert!(connection.send(post_head("Content-Length: 100\r\n")).await),
        }
        slow.push(connection);
    }
    deployment.create("lesson-42", None).await.chat(201);
    deployment.read_by_scope("lesson-42").await.chat(200);
    assert!(slow.iter().all(Raw::is_silent));
}

/// Whether the service may raise the limit itself, or has to make do with it.
#[tokio::test]
async fn clients_that_only_connect_leave_files_for_the_rest() {
    for (limit, of_connections, makes_do) in [("-S -n 128", "300", false), ("-n 300", "1000", true)]
    {
        let mut variables = PATIENT.to_vec();
        variables.push(("CHATS_HTTP__MAX_CONNECTIONS", of_connections));
        let mut deployment = Deployment::on(Database::Sqlite).await;
        deployment.kill();
        let log = deployment.start_under_limit(limit, &variables);
        let mut asking = Raw::to(&deployment).await;
        let mut silent = Vec::new();
        for _ in 0..290 {
            silent.push(Raw::to(&deployment).await);
            asking.send(GET).await;
            assert_eq!(asking.statuses(silent.len()).await.len(), silent.len(), "{limit}");
        }
        let body = r#"{"audience": "school.example.org", "scope": "lesson-42"}"#;
        let length = format!("Content-Length: {}\r\n", body.len());
        asking.send(post_head(&length) + body).await;
        assert_eq!(asking.statuses(291).await.last(), Some(&201), "{limit}");

        assert!(deployment.terminate());
        let log = fs::read_to_string(log).unwrap();
        assert_eq!(log.contains("http.max_connections"), makes_do, "{log}");
    }
}

#[tokio::test]
async fn connections_beyond_the_greatest_number_wait_for_their_turn() {
    let mut variables = PATIENT.to_vec();
    variables.push(("CHATS_HTTP__MAX_CONNECTIONS", "1"));
    let deployment = deployment(&variables).await;
    // One for each worker.
    let most = std::thread::available_parallelism().unwrap().get();
    let mut served = Vec::new();
    for _ in 0..most {
        let mut connection = Raw::to(&deployment).await;
        connection.send(GET).await;
        assert_eq!(connection.statuses(1).await, [401]);
        served.push(connection);
    }
    let mut waiting = Raw::to(&deployment).await;
    waiting.send(GET).await;
    for connection in &mut served {
        connection.send(GET).await;
        assert_eq!(connection.statuses(2).await, [401, 401]);
    }
    assert!(waiting.is_silent());
    served.pop();
    assert_eq!(waiting.statuses(1).await, [401]);
}

#[tokio::test]
async fn a_head_has_at_most_96_lines_and_128_kib() {
    let deployment = deployment(&PATIENT).await;
    let with_lines = |lines: usize| {
        format!("GET /nowhere HTTP/1.1\r\nHost: chats\r\n{}\r\n", "X: y\r\n".repeat(lines - 1))
    };
    let mut connection = Raw::to(&deployment).await;
    connection.send(with_lines(96)).await;
    assert_eq!(connection.statuses(1).await, [404]);
    connection.send(with_lines(97)).await;
    assert_eq!(connection.until_closed().await, [404, 431]);

    let mut connection = Raw::to(&deployment).await;
    let head = format!("GET /nowhere HTTP/1.1\r\nHost: chats\r\nX: {}", "y".repeat(128 * 1024));
    connection.send(head).await;
    assert_eq!(connection.until_closed().await, [431]);
}

/// It is answered before it has sent all. If nobody took the rest, it would meet a broken connection.
#[tokio::test]
async fn a_client_that_goes_on_sending_hears_its_answer() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let body = "x".repeat(4_000_000);
    let head = format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for _ in 0..3 {
        let mut connection = Raw::to(&deployment).await;
        assert!(connection.send(format!("{head}{body}")).await);
        assert_eq!(connection.statuses(1).await, [401]);
    }
}
