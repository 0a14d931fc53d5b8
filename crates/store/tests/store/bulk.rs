//! Many chats at once meet what comes and goes.

use std::fs;

use chats_domain::ports::{Added, Batch, BulkStore, ChatIds, ChatStore, ReadyChat};
use chats_testkit::memory::RandomIds;
use chats_testkit::postgres::{Cluster, database};
use uuid::Uuid;

use crate::{connected, migrated, operator, patient, reservation};

#[tokio::test]
async fn what_stood_in_the_way_and_is_gone_when_it_is_looked_at_is_in_the_way_no_more() {
    let url = database().await.unwrap();
    let store = migrated(&url).await;
    let opening = reservation("lesson-2");
    store.reserve(&opening).await.unwrap();
    // The chat that is opening goes at the end of the statement that meets it.
    let release = "
        CREATE FUNCTION release() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM chat WHERE state = 'opening';
            RETURN NULL;
        END $$;
        CREATE TRIGGER release AFTER INSERT ON chat EXECUTE FUNCTION release()";
    operator(&url).await.batch_execute(release).await.unwrap();

    let chats = ["lesson-1", "lesson-2", "lesson-3"].map(ready);
    let added = store.add(&batch(&chats)).await.unwrap();
    assert_eq!(added, [const { Added::Made }; 3]);
    for chat in chats {
        assert_eq!(store.find(chat.id).await.unwrap(), Some(chat.to_chat()));
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_believed_of_a_server_that_takes_writes() {
    let cluster = Cluster::start().unwrap();
    migrated(&cluster.url()).await;
    let logged = format!("{}?options=-c%20log_min_duration_statement%3D0", cluster.url());
    let store = connected(&logged, patient()).await;
    let there = ready("lesson-1");
    store.add(&batch(std::slice::from_ref(&there))).await.unwrap();
    let is_asked = || {
        let log = fs::read_to_string(cluster.log()).unwrap();
        log.contains("SELECT current_setting('transaction_read_only')")
    };
    assert!(!is_asked());

    // It is ready, and yet there may be more in the way than was found.
    let added = store.add(&batch(&[ready("lesson-1")])).await.unwrap();
    assert_eq!(added, [Added::KeyTaken(there.to_chat())]);
    assert!(is_asked());
}

fn ready(scope: &str) -> ReadyChat {
    ReadyChat {
        id: RandomIds.next(),
        audience: "school.example.org".parse().unwrap(),
        scope: scope.parse().unwrap(),
        tags: None,
        event_room: Uuid::new_v4().into(),
        asked_by: "chats.svc.example.org".parse().unwrap(),
        created_at: reservation(scope).created_at,
    }
}

fn batch(chats: &[ReadyChat]) -> Batch {
    Batch::take_from(&mut chats.iter().cloned().peekable())
}
