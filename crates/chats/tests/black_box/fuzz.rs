//! Requests that nobody thought of. `docs/security.md` tells how to run more of them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;

use crate::support::{Database, Deployment, Raw};

/// What makes another request of one.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, usize),
    Repeat(Index, usize),
}

/// Bytes that mean something to somebody on the way.
const WORDS: [&str; 22] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    "%",
    "%2F",
    "%00",
    "%ff",
    "/",
    "//",
    "..",
    "?",
    "\"",
    "\\u0000",
    "\\ud800",
    "{",
    "[[[[",
    "9999999999999999999999",
    "Transfer-Encoding: chunked\r\n",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..8),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Change::Cut(at, length)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Change::Repeat(at, length)),
    ]
}

impl Change {
    fn apply(&self, request: &mut Vec<u8>) {
        let end = request.len();
        if end == 0 {
            return;
        }
        let up_to = |at: usize, length: &usize| at..end.min(at + length);
        let (part, bytes) = match self {
            Self::Replace(at, byte) => (up_to(at.index(end), &1), vec![*byte]),
            Self::Insert(at, bytes) => (up_to(at.index(end), &0), bytes.clone()),
            Self::Cut(at, length) => (up_to(at.index(end), length), Vec::new()),
            Self::Repeat(at, length) => {
                (up_to(at.index(end), &0), request[up_to(at.index(end), length)].to_vec())
            }
        };
        request.splice(part, bytes);
    }
}

/// Good requests to begin with.
fn good() -> Vec<Vec<u8>> {
    let token =
        Deployment::token_for("tutor-7.school.example.org", std::time::Duration::from_hours(12));
    let head = |line: &str, headers: &str| {
        format!("{line} HTTP/1.1\r\nHost: chats\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")
    };
    let post = |path: &str, body: &str| {
        let length = body.len();
        let headers = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        head(&format!("POST {path}"), &headers) + body
    };
    let body =
        r#"{"audience":"school.example.org","scope":"lesson-42","tags":{"a":[1,{"b":"c"}]}}"#;
    let convert = r#"{"audience":"school.example.org","scope":"lesson-43","event_room_id":"00000000-0000-4000-8000-000000000001"}"#;
    [
        head(
            "GET /api/v1/audiences/school.example.org/chats/lesson-42",
            "If-None-Match: \"a\"\r\n",
        ),
        head("GET /api/v1/chats/00000000-0000-4000-8000-000000000001", "X-Request-Id: a\r\n"),
        post("/api/v1/chats", body),
        post("/api/v1/chats/convert", convert),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// The statuses in what was answered.
fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    let statuses = text.split("HTTP/1.").skip(1);
    statuses.filter_map(|answer| answer.get(2..5)?.parse().ok()).collect()
}

/// Keeps what failed beside this file, as the macro does.
fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig::with_source_file(file!()))
}

#[test]
fn no_request_makes_the_service_fail() {
    let runtime = Runtime::new().unwrap();
    let deployment = runtime.block_on(Deployment::on(Database::Sqlite));
    let requests = (prop::sample::select(good()), prop::collection::vec(change(), 1..6));
    let law = |(mut request, changes): (Vec<u8>, Vec<Change>)| {
        for change in &changes {
            change.apply(&mut request);
        }
        let answers = runtime.block_on(async {
            let mut connection = Raw::to(&deployment).await;
            connection.send(&request).await;
            connection.finish().await
        });
        let sent = String::from_utf8_lossy(&request).into_owned();
        prop_assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."), "{sent}");
        for status in statuses(&answers) {
            prop_assert!((100..500).contains(&status), "{status} to {sent}");
        }
        Ok(())
    };
    runner().run(&requests, law).unwrap();
    runtime.block_on(deployment.create("lesson-44", None)).chat(201);
}

#[test]
fn a_body_and_a_path_of_whatever_text_are_answered_by_what_they_say() {
    let runtime = Runtime::new().unwrap();
    let deployment = runtime.block_on(Deployment::on(Database::Sqlite));
    let scopes = prop_oneof![any::<String>(), "[ -~é課🦀]{1,300}", "\\PC{1,40}"];
    let law = |scope: String| {
        let is_good =
            (1..=255).contains(&scope.chars().count()) && !scope.contains(char::is_control);
        let encoded = utf8_percent_encode(&scope, NON_ALPHANUMERIC).to_string();
        let (made, read) = runtime.block_on(async {
            let made = deployment.create(&scope, None).await;
            // Clients take dots for directions.
            let read = if matches!(scope.as_str(), "." | "..") {
                deployment.get(made.header("location")).await
            } else {
                deployment.read_by_scope(&encoded).await
            };
            (made, read)
        });
        if is_good {
            prop_assert!(matches!(made.status, 200 | 201), "{}", made.text);
            prop_assert_eq!(read.status, 200, "{}", read.text);
            prop_assert_eq!(&read.json()["scope"], &scope);
        } else {
            prop_assert_eq!(made.status, 400, "{}", made.text);
            let refused = if scope.is_empty() { 404 } else { 400 };
            prop_assert_eq!(read.status, refused, "{}", read.text);
        }
        Ok(())
    };
    runner().run(&scopes, law).unwrap();
}
