//! Connections on which nothing was asked for a while. Their clients do not notice that they rest.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::{Database, Deployment, Raw};

/// Longer than it takes until a connection rests.
const PAUSE: Duration = Duration::from_millis(600);

const GET: &str = "GET /api/v1/chats/7 HTTP/1.1\r\nHost: chats\r\n\r\n";

/// A connection that has been used and rests.
async fn rested(deployment: &Deployment) -> Raw {
    let mut connection = Raw::to(deployment).await;
    connection.send(GET).await;
    assert_eq!(connection.statuses(1).await, [401]);
    sleep(PAUSE).await;
    assert!(connection.is_silent());
    connection
}

#[tokio::test]
async fn requests_are_answered_after_each_rest() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let mut connection = rested(&deployment).await;
    connection.send(GET.repeat(2)).await;
    assert_eq!(connection.statuses(3).await, [401; 3]);
    sleep(PAUSE).await;
    connection.send(GET).await;
    assert_eq!(connection.statuses(4).await, [401; 4]);
}

#[tokio::test]
async fn a_request_may_come_as_slowly_after_a_rest_as_before() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let mut connection = rested(&deployment).await;
    let body = r#"{"audience": "school.example.org", "scope": "lesson-42"}"#;
    let post = format!(
        "POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        Deployment::token("tutor-7.school.example.org"),
        body.len(),
    );
    let (line, rest) = post.split_at(post.find("Host").unwrap());
    let (head, body) = rest.split_at(rest.find('{').unwrap());
    let (half, other_half) = body.split_at(body.len() / 2);
    for part in [line, head, half] {
        connection.send(part).await;
        sleep(PAUSE).await;
        assert!(connection.is_silent());
    }
    connection.send(other_half).await;
    assert_eq!(connection.statuses(2).await, [401, 201]);
    connection.send(GET).await;
    assert_eq!(connection.statuses(3).await, [401, 201, 401]);
}

/// It is answered before its body has come. If the connection rested, the body would be taken for a request.
#[tokio::test]
async fn what_is_left_of_a_body_is_no_request() {
    let deployment = Deployment::on(Database::Sqlite).await;
    let mut connection = rested(&deployment).await;
    let length = GET.len();
    let head =
        format!("POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Length: {length}\r\n\r\n");
    connection.send(head).await;
    assert_eq!(connection.statuses(2).await, [401; 2]);
    sleep(PAUSE).await;
    connection.send(GET).await;
    assert_eq!(connection.until_closed().await, [401; 2]);
}

#[tokio::test]
async fn they_are_closed_at_the_end_of_the_service() {
    let mut deployment = Deployment::on(Database::Sqlite).await;
    let mut connection = rested(&deployment).await;
    assert!(deployment.terminate());
    assert_eq!(connection.until_closed().await, [401]);
}
