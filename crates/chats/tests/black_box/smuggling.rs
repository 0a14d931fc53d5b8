//! Requests that two readers may understand differently. Whatever does not have one meaning is refused,
//! and nothing that follows it on the connection is served.

use crate::support::{Database, Deployment, Raw};

/// What stands behind a request, and would be served if the first one were taken to end before it.
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: chats\r\n\r\n";

const CHUNKS: &str = "2\r\n{}\r\n0\r\n\r\n";

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\n{headers}\r\n{body}",
        Deployment::token("tutor-7.school.example.org")
    )
}

fn get(line: &str, headers: &str) -> String {
    format!("{line}\r\nHost: chats\r\n{headers}\r\n")
}

/// The statuses with which a request and what stands behind it are answered. The connection ends then.
async fn answered(deployment: &Deployment, request: &str) -> Vec<u16> {
    let mut connection = Raw::to(deployment).await;
    connection.send(format!("{request}{NEXT}")).await;
    connection.until_closed().await
}

/// They are refused, and so is whatever follows.
async fn are_refused(requests: impl IntoIterator<Item = String>) {
    let deployment = Deployment::on(Database::Sqlite).await;
    for request in requests {
        assert_eq!(answered(&deployment, &request).await, [400], "{request:?}");
    }
}

#[tokio::test]
async fn a_body_has_one_length() {
    let lengths = [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", CHUNKS),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
        ("Content-Length: 2\r\nContent-Length: 38\r\n", "{}"),
        ("Content-Length: 2, 2\r\n", "{}"),
        ("Content-Length: +2\r\n", "{}"),
        ("Content-Length: -2\r\n", "{}"),
        ("Content-Length: 0x2\r\n", "{}"),
        ("Content-Length: 2 2\r\n", "{}"),
        ("Content-Length: two\r\n", "{}"),
        ("Content-Length:\r\n", "{}"),
        ("Content-Length: 18446744073709551618\r\n", "{}"),
    ];
    are_refused(lengths.map(|(headers, body)| post(headers, body))).await;
}

#[tokio::test]
async fn a_body_comes_whole_or_in_chunks() {
    let encodings = [
        "chunked, identity",
        "identity, chunked",
        "identity",
        "gzip, chunked",
        "chunked, chunked",
        "chunked;x=1",
        "\"chunked\"",
        "xchunked",
        "\u{b}chunked",
        "",
        "chunked\r\nTransfer-Encoding: chunked",
        "identity\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
    ];
    are_refused(encodings.map(|it| post(&format!("Transfer-Encoding: {it}\r\n"), CHUNKS))).await;
    // Version 1.0 has no chunks.
    let old = post("Transfer-Encoding: chunked\r\n", CHUNKS).replacen("HTTP/1.1", "HTTP/1.0", 1);
    are_refused([old]).await;
}

#[tokio::test]
async fn a_header_has_a_line_and_a_name_of_its_own() {
    let headers = [
        "Content-Length : 2\r\n",
        "Content-Length\t: 2\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding:\r\n\tchunked\r\n",
        "X: a\r\n b\r\n",
        " X: a\r\n",
        "X: a\rContent-Length: 2\r\n",
        "X: a\0b\r\n",
        "X\0: a\r\n",
        "X y: a\r\n",
        "X\u{e9}: a\r\n",
        ": a\r\n",
        "X\r\n",
        "Host: other\r\n",
    ];
    are_refused(headers.map(|headers| post(headers, ""))).await;
}

#[tokio::test]
async fn a_request_line_has_three_parts_and_a_host() {
    let path = "/api/v1/chats/7";
    are_refused([
        get(&format!("GET {path}"), ""),
        get(&format!("GET {path} HTTP/1.2"), ""),
        get(&format!("GET {path} HTTP/2.0"), ""),
        get(&format!("GET  {path} HTTP/1.1"), ""),
        get(&format!("GET\t{path} HTTP/1.1"), ""),
        get(&format!("GET {path} HTTP/1.1 "), ""),
        get(&format!("GET {path}\0 HTTP/1.1"), ""),
        get(&format!("GET {path} x HTTP/1.1"), ""),
        get("GET \u{e9} HTTP/1.1", ""),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET {path} HTTP/1.1\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for chunks in [
        "2\n{}\n0\n\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "2;x\ny\r\n{}\r\n0\r\n\r\n",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
    ] {
        let request = post("Transfer-Encoding: chunked\r\n", chunks);
        let statuses = answered(&deployment, &request).await;
        assert_eq!(statuses, [400], "{chunks:?}");
    }
}

/// These have one meaning, if an odd look. What follows them is served, once.
#[tokio::test]
async fn what_has_one_meaning_is_served_and_so_is_what_follows() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let long_body = format!("{}{NEXT}", " ".repeat(64));
    for (request, status) in [
        (post("Content-Length: 02\r\n", "{}"), 400),
        (post("Content-Length: \t2 \r\n", "{}"), 400),
        (post("TRANSFER-encoding: CHUNKED\r\n", CHUNKS), 400),
        (post("Transfer-Encoding: chunked\r\n", "2;x=y\r\n{}\r\n0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"), 400),
        // A body may hold what looks like a request.
        (post(&format!("Content-Length: {}\r\n", long_body.len()), &long_body), 400),
        // A line may end with a line feed alone (RFC 9112, section 2.2).
        (post("X: a\nContent-Length: 2\r\n", "{}"), 400),
        (format!("\r\n{}", get("GET /first HTTP/1.1", "")), 404),
        // The target's host wins over the header (RFC 9112, section 3.2.2), and neither is looked at.
        (get("GET http://other.example.org/api/v1/chats/7 HTTP/1.1", ""), 401),
        (get("OPTIONS * HTTP/1.1", ""), 404),
        (get("GET /first HTTP/1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n"), 404),
    ] {
        let mut connection = Raw::to(&deployment).await;
        connection.send(format!("{request}{NEXT}")).await;
        assert_eq!(connection.statuses(2).await, [status, 404], "{request:?}");
        assert!(connection.is_silent(), "{request:?}");
    }
}

#[tokio::test]
async fn a_tunnel_is_not_opened() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let websocket = "Upgrade: websocket\r\nConnection: upgrade\r\n";
    for request in [get("CONNECT a:80 HTTP/1.1", ""), get("GET /first HTTP/1.1", websocket)] {
        assert_eq!(answered(&deployment, &request).await, [404], "{request:?}");
    }
}
