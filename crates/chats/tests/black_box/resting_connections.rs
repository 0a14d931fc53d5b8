//! Connections on which nothing was asked for a while. Their clients do not notice that they rest.

use std::fs;
use std::path::PathBuf;

use crate::support::{Database, Deployment, Raw, until};

const GET: &str = "GET /api/v1/chats/7 HTTP/1.1\r\nHost: chats\r\n\r\n";

struct Scene {
    deployment: Deployment,
    log: PathBuf,
}

impl Scene {
    async fn new() -> Self {
        let mut deployment = Deployment::on(Database::Sqlite).await;
        deployment.kill();
        let log = deployment.start_with_log("chats_http::resting=debug");
        Self { deployment, log }
    }

    /// How often connections have begun to rest.
    fn rests(&self) -> usize {
        fs::read_to_string(&self.log).unwrap().matches("a connection rests").count()
    }

    async fn until_rests(&self, times: usize) {
        until(async || self.rests() >= times).await;
        assert_eq!(self.rests(), times);
    }

    /// A connection that has been used and rests.
    async fn rested(&self) -> Raw {
        let before = self.rests();
        let mut connection = Raw::to(&self.deployment).await;
        connection.send(GET).await;
        assert_eq!(connection.statuses(1).await, [401]);
        self.until_rests(before + 1).await;
        assert!(connection.is_silent());
        connection
    }

    /// Lets so much time go by that a connection would rest which may: as another one does that was used after it.
    async fn let_others_rest(&self) {
        drop(self.rested().await);
    }
}

#[tokio::test]
async fn requests_are_answered_after_each_rest() {
    let scene = Scene::new().await;
    let mut connection = scene.rested().await;
    connection.send(GET.repeat(2)).await;
    assert_eq!(connection.statuses(3).await, [401; 3]);
    scene.until_rests(2).await;
    connection.send(GET).await;
    assert_eq!(connection.statuses(4).await, [401; 4]);
}

#[tokio::test]
async fn a_request_may_come_as_slowly_after_a_rest_as_before() {
    let scene = Scene::new().await;
    let mut connection = scene.rested().await;
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
        scene.let_others_rest().await;
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
    let scene = Scene::new().await;
    let mut connection = scene.rested().await;
    let length = GET.len();
    let head =
        format!("POST /api/v1/chats HTTP/1.1\r\nHost: chats\r\nContent-Length: {length}\r\n\r\n");
    connection.send(head).await;
    assert_eq!(connection.statuses(2).await, [401; 2]);
    scene.let_others_rest().await;
    connection.send(GET).await;
    assert_eq!(connection.until_closed().await, [401; 2]);
}

#[tokio::test]
async fn they_are_closed_at_the_end_of_the_service() {
    let mut scene = Scene::new().await;
    let mut connection = scene.rested().await;
    assert!(scene.deployment.terminate());
    assert_eq!(connection.until_closed().await, [401]);
}
