//! Whatever comes, the answer is one of a client's error, and the next request is served.

use crate::support::{Database, Deployment, Raw};

const PATH: &str = "/api/v1/audiences/school.example.org/chats/lesson-42";

fn get(headers: &[u8]) -> Vec<u8> {
    let begin = format!("GET {PATH} HTTP/1.1\r\nHost: chats\r\n").into_bytes();
    [&begin, headers, b"\r\n"].concat()
}

fn authorization() -> String {
    format!("Authorization: Bearer {}\r\n", Deployment::token("tutor-7.school.example.org"))
}

async fn answered(deployment: &Deployment, request: &[u8]) -> u16 {
    let mut connection = Raw::to(deployment).await;
    connection.send(request).await;
    let statuses = connection.statuses(1).await;
    assert_eq!(statuses.len(), 1, "{}", String::from_utf8_lossy(request));
    statuses[0]
}

#[tokio::test]
async fn headers_of_any_size_are_answered() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for (length, status) in [(9_000, 401), (60_000, 401), (200_000, 431)] {
        let long = "x".repeat(length);
        let request = get(format!("Authorization: Bearer {long}\r\n").as_bytes());
        assert_eq!(answered(&deployment, &request).await, status, "{length}");
    }
    let good = authorization();
    for name in ["X-Request-Id", "If-None-Match", "Origin", "Cookie", "User-Agent", "Accept"] {
        let long = format!("{good}{name}: {}\r\n", "x".repeat(30_000));
        assert_eq!(answered(&deployment, &get(long.as_bytes())).await, 404, "{name}");
    }
    assert_eq!(answered(&deployment, &get(good.as_bytes())).await, 404);
}

#[tokio::test]
async fn headers_that_are_no_utf_8_are_answered() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let good = authorization().into_bytes();
    for bytes in [&b"\xff"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\x80 \xfe\xfe\xff", "é".as_bytes()]
    {
        for name in ["X-Request-Id", "If-None-Match", "Origin", "Cookie", "Accept", "X-Any"] {
            let header = [name.as_bytes(), b": ", bytes, b"\r\n"].concat();
            let request = get(&[&good[..], &header].concat());
            assert_eq!(answered(&deployment, &request).await, 404, "{name} {bytes:?}");
        }
        for begin in ["", "Bearer ", "Bearer a.b.", "Basic "] {
            let header = [b"Authorization: ", begin.as_bytes(), bytes, b"\r\n"].concat();
            assert_eq!(answered(&deployment, &get(&header)).await, 401, "{begin} {bytes:?}");
        }
        let post = [
            b"POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Length: 2\r\n",
            &good[..],
            b"Content-Type: ",
            bytes,
            b"\r\n\r\n{}",
        ];
        assert_eq!(answered(&deployment, &post.concat()).await, 415, "{bytes:?}");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_none_whichever_is_good() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let good = authorization();
    let bad = "Authorization: Bearer a.b.c\r\n";
    let other_name = good.replace("Authorization", "AUTHORIZATION");
    for headers in [
        format!("{good}{bad}"),
        format!("{bad}{good}"),
        format!("{good}{good}"),
        format!("{good}{other_name}"),
        format!("Authorization:\r\n{good}"),
        good.replace("\r\n", ", Bearer a.b.c\r\n"),
        good.replace("Bearer ", "Bearer\t"),
    ] {
        assert_eq!(answered(&deployment, &get(headers.as_bytes())).await, 401, "{headers}");
    }
}

/// Clients and proxies take such dots out of a path (RFC 3986, section 5.2.4). The service does not.
#[tokio::test]
async fn a_scope_of_dots_is_one_like_any_other() {
    let deployment = Deployment::on(Database::Sqlite).await;
    for scope in [".", ".."] {
        let made = deployment.create(scope, None).await;
        made.chat(201);
        deployment.get(made.header("location")).await.chat(200);
        for written in [scope.to_owned(), scope.replace('.', "%2E"), scope.replace('.', "%2e")] {
            let request = String::from_utf8(get(authorization().as_bytes())).unwrap();
            let request = request.replace("chats/lesson-42", &format!("chats/{written}"));
            assert_eq!(answered(&deployment, request.as_bytes()).await, 200, "{written}");
        }
    }
}

/// A method stands in the request line, and nothing else changes it.
#[tokio::test]
async fn no_header_makes_a_request_another_one() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let good = authorization();
    for header in [
        "X-HTTP-Method-Override: DELETE",
        "X-Method-Override: POST",
        "X-Original-URL: /api/v1/chats",
        "X-Rewrite-URL: /nowhere",
        "X-Forwarded-Host: other.example.org",
        "X-Forwarded-Prefix: /other",
        "Forwarded: host=other.example.org",
    ] {
        let request = get(format!("{good}{header}\r\n").as_bytes());
        assert_eq!(answered(&deployment, &request).await, 404, "{header}");
    }
}
