//! What the tables offer an operator, and what they refuse him.

use chats_domain::ports::{ChatStore, Reservation};
use chats_domain::values::Tags;
use chats_testkit::postgres::database;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::{migrated, operator, reservation, sqlite_file};

/// Rows that are no chats, in SQL that both databases understand.
const IMPOSSIBLE: [&str; 4] = [
    "UPDATE chat SET state = 'closed'",
    "UPDATE chat SET state = 'ready', lease_until = NULL",
    "UPDATE chat SET lease_until = NULL",
    "UPDATE chat SET audience = NULL",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_query_into_tags_and_see_who_asked() {
    let url = database().await.unwrap();
    let chat = Reservation {
        tags: Some(Tags::parse(r#"{"grade":7}"#).unwrap()),
        ..reservation("lesson-1")
    };
    migrated(&url).await.reserve(&chat).await.unwrap();

    let query = "SELECT tags ->> 'grade', asked_by, extract(year FROM created_at)::int FROM chat";
    let row = operator(&url).await.query_one(query, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "7");
    assert_eq!(row.get::<_, &str>(1), "tutor-7.school.example.org");
    assert_eq!(row.get::<_, i32>(2), 2024);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_postgresql_is_an_impossible_chat() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    store.reserve(&reservation("lesson-1")).await.unwrap();
    let operator = operator(&url).await;
    for impossible in IMPOSSIBLE {
        let error = operator.batch_execute(impossible).await.unwrap_err();
        let code = error.code().unwrap().code();
        assert!(matches!(code, "23502" | "23514"), "{impossible}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_sqlite_is_an_impossible_chat() {
    let (url, directory) = sqlite_file();
    let store = migrated(&url).await;
    store.reserve(&reservation("lesson-1")).await.unwrap();
    let file = directory.path().join("chats.db");
    let mut operator = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    for impossible in IMPOSSIBLE {
        let error = operator.batch_execute(impossible).unwrap_err().to_string();
        assert!(error.contains("constraint failed"), "{impossible}: {error}");
    }
}
