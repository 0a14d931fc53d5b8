//! What the server is asked.

use std::collections::HashMap;
use std::fs;
use std::num::NonZeroUsize;
use std::time::Duration;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed};
use chats_store::PoolSettings;
use chats_testkit::postgres::Cluster;
use uuid::Uuid;

use crate::{connected, migrated, patient, reservation};

#[tokio::test]
async fn each_statement_is_prepared_once_for_a_connection() {
    let cluster = Cluster::start().unwrap();
    migrated(&cluster.url()).await;
    let logged = format!("{}?options=-c%20log_min_duration_statement%3D0", cluster.url());
    let one_connection = PoolSettings { max_connections: NonZeroUsize::MIN, ..patient() };
    let store = connected(&logged, one_connection).await;

    for number in 0..3 {
        let [chat, refused] = ["chat", "refused"].map(|it| reservation(&format!("{it}-{number}")));
        let (now, later) = (chat.lease_until, chat.lease_until.plus(Duration::from_secs(1)));
        for reservation in [&chat, &refused] {
            store.reserve(reservation).await.unwrap();
        }
        assert!(store.release(refused.id, Attempt::FIRST).await.unwrap());
        let second = store.take_over(chat.id, Attempt::FIRST, now, later).await.unwrap().unwrap();
        assert!(store.postpone(chat.id, second, later).await.unwrap());
        let room = Uuid::new_v4().into();
        assert_eq!(store.confirm(chat.id, second, room).await.unwrap(), Confirmed::Ready);
        assert!(store.find(chat.id).await.unwrap().is_some());
        assert!(store.find_by_key(&chat.audience, &chat.scope).await.unwrap().is_some());
    }

    let log = fs::read_to_string(cluster.log()).unwrap();
    let mut prepared = HashMap::<_, u32>::new();
    for statement in log.lines().filter_map(|line| Some(line.split_once(" parse ")?.1)) {
        let (_name, text) = statement.split_once(": ").unwrap();
        *prepared.entry(text).or_default() += 1;
    }
    let of_chats = prepared.iter().filter(|(text, _)| text.contains("chat"));
    assert_eq!(of_chats.clone().count(), 7, "{prepared:#?}");
    for (text, times) in of_chats {
        assert_eq!(*times, 1, "{text}");
    }
}
