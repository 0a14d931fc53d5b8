//! Chats that are kept in memory.

use tokio_postgres::NoTls;

use crate::support::{Database, Deployment};

/// Deletes the chats that the service just read, behind its back. Returns what it answers then.
async fn status_after_a_deletion(sections: &str) -> u16 {
    let deployment = Deployment::with(Database::PostgreSql, sections).await;
    let made = deployment.create("lesson-42", None).await.chat(201);
    assert_eq!(deployment.read_by_scope("lesson-42").await.chat(200), made);

    let url = deployment.database_url.as_deref().unwrap();
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(client.execute("DELETE FROM chat", &[]).await.unwrap(), 1);

    let by_scope = deployment.read_by_scope("lesson-42").await;
    let id = made["chat_id"].as_str().unwrap();
    let by_id = deployment.get(&format!("/api/v1/chats/{id}")).await;
    assert_eq!(by_id.status, by_scope.status);
    by_scope.status
}

#[tokio::test]
async fn a_ready_chat_is_read_once_from_the_database() {
    assert_eq!(status_after_a_deletion("").await, 200);
    assert_eq!(status_after_a_deletion("[cache]\nchats = \"1 MiB\"").await, 200);
}

#[tokio::test]
async fn without_a_cache_every_read_asks_the_database() {
    for zero in ["0", "\"0\"", "\"0MiB\""] {
        assert_eq!(status_after_a_deletion(&format!("[cache]\nchats = {zero}")).await, 404);
    }
}
