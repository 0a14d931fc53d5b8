//! Several instances of the service, each with a store of its own, on one database.

use chats_domain::ports::{ChatStore, Reserved};
use chats_testkit::postgres::database;
use tokio::task::JoinSet;

use crate::{migrated, reservation, sqlite_file};

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_makes_a_chat_in_postgresql_and_the_others_meet_it() {
    one_makes_it_and_the_others_meet_it(&database().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_makes_a_chat_in_sqlite_and_the_others_meet_it() {
    let (url, _directory) = sqlite_file();
    one_makes_it_and_the_others_meet_it(&url).await;
}

async fn one_makes_it_and_the_others_meet_it(url: &str) {
    let mut instances = JoinSet::new();
    for _ in 0..4 {
        let store = migrated(url).await;
        instances.spawn(async move {
            let mut made = Vec::new();
            for number in 0..25 {
                let rival = reservation(&format!("lesson-{number}"));
                match store.reserve(&rival).await.unwrap() {
                    Reserved::Made => made.push(number),
                    Reserved::KeyTaken(chat) => assert_ne!(chat.id, rival.id),
                    Reserved::RoomTaken => panic!("no room was asked for"),
                }
            }
            made
        });
    }
    let mut made: Vec<_> = instances.join_all().await.concat();
    made.sort_unstable();
    assert_eq!(made, (0..25).collect::<Vec<_>>());
}
