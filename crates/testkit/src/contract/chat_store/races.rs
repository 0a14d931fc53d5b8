//! What must hold however many come at once.

use std::collections::HashSet;
use std::sync::Arc;

use chats_domain::chat::Attempt;
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved};
use chats_domain::values::ChatId;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{a_room, later, reservation, reservation_of_room};

const FIRST: Attempt = Attempt::FIRST;

pub async fn of_many_reservations_of_one_key_one_is_made(store: Arc<dyn ChatStore>) {
    let rivals = (0..64).map(|_| reservation("school.example.org", "lesson-1"));
    let met = reserve_at_once(&store, rivals).await;
    the_rest_met_the_one_that_was_made(&met);
}

pub async fn of_many_reservations_of_one_room_one_is_made(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let rivals = (0..64)
        .map(|number| reservation_of_room("school.example.org", &format!("lesson-{number}"), room));
    let met = reserve_at_once(&store, rivals).await;

    let made = met.iter().filter(|(_, met)| *met == Reserved::Made);
    assert_eq!(made.count(), 1, "{met:?}");
    let refused = met.iter().filter(|(_, met)| *met == Reserved::RoomTaken);
    assert_eq!(refused.count(), 63, "{met:?}");
}

pub async fn of_many_equal_reservations_one_is_made_and_the_rest_meet_it(
    store: Arc<dyn ChatStore>,
) {
    let room = a_room();
    let rivals = (0..32).map(|_| reservation_of_room("school.example.org", "lesson-1", room));
    let met = reserve_at_once(&store, rivals).await;
    the_rest_met_the_one_that_was_made(&met);
}

pub async fn no_two_take_over_the_same_expired_chat(store: Arc<dyn ChatStore>) {
    for n in 0..32 {
        let chat = reservation("school.example.org", &format!("lesson-{n}"));
        store.reserve(&chat).await.unwrap();
    }
    let calls = (0..8).map(|_| {
        let store = Arc::clone(&store);
        async move { store.take_over_expired(later(9), later(20), 10).await.unwrap() }
    });
    let taken: Vec<_> = at_once(calls).await.into_iter().flatten().map(|chat| chat.id).collect();
    let different: HashSet<_> = taken.iter().collect();
    assert_eq!(taken.len(), different.len());

    // Whom one passed by another got, or the next call gets.
    let rest = store.take_over_expired(later(9), later(20), 32).await.unwrap();
    assert_eq!(taken.len() + rest.len(), 32);
}

pub async fn of_many_who_take_over_one_does(store: Arc<dyn ChatStore>) {
    let chat = reservation("school.example.org", "lesson-1");
    store.reserve(&chat).await.unwrap();
    let taken = at_once((0..32).map(|number| {
        let (store, id) = (Arc::clone(&store), chat.id);
        async move {
            let until = later(100 + number);
            store.take_over(id, FIRST, later(9), until).await.unwrap()
        }
    }))
    .await;
    let winners: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(winners, [FIRST.next()]);
}

pub async fn of_many_chats_confirmed_with_one_room_one_is(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let mut ids = Vec::new();
    for number in 0..16 {
        let chat = reservation("school.example.org", &format!("lesson-{number}"));
        store.reserve(&chat).await.unwrap();
        ids.push(chat.id);
    }
    let confirmed = at_once(ids.into_iter().map(|id| {
        let store = Arc::clone(&store);
        async move { store.confirm(id, FIRST, room).await.unwrap() }
    }))
    .await;
    let count = |wanted| confirmed.iter().filter(|one| **one == wanted).count();
    assert_eq!(count(Confirmed::Ready), 1, "{confirmed:?}");
    assert_eq!(count(Confirmed::RoomTaken), 15, "{confirmed:?}");
}

pub async fn a_chat_is_confirmed_or_released_and_never_both(store: Arc<dyn ChatStore>) {
    for number in 0..16 {
        let chat = reservation("school.example.org", &format!("lesson-{number}"));
        store.reserve(&chat).await.unwrap();
        // Each even call confirms, each odd one releases.
        let changed = at_once((0..4).map(|call| {
            let (store, id) = (Arc::clone(&store), chat.id);
            async move {
                if call % 2 == 0 {
                    let confirmed = store.confirm(id, FIRST, a_room()).await.unwrap();
                    confirmed == Confirmed::Ready
                } else {
                    store.release(id, FIRST).await.unwrap()
                }
            }
        }))
        .await;
        let winners: Vec<_> = (0..4).filter(|call| changed[*call]).collect();
        assert_eq!(winners.len(), 1, "{changed:?}");
        let is_there = store.find(chat.id).await.unwrap().is_some();
        assert_eq!(is_there, winners[0] % 2 == 0, "{changed:?}");
    }
}

pub async fn chats_that_come_and_go_are_met_or_make_way(store: Arc<dyn ChatStore>) {
    let room = a_room();
    let made = at_once((0..8).map(|_| {
        let store = Arc::clone(&store);
        async move {
            let mut made = 0;
            for _ in 0..40 {
                let rival = reservation_of_room("school.example.org", "lesson-1", room);
                match store.reserve(&rival).await.unwrap() {
                    Reserved::Made => {
                        made += 1;
                        assert!(store.release(rival.id, FIRST).await.unwrap());
                    }
                    Reserved::KeyTaken(chat) => assert_ne!(chat.id, rival.id),
                    Reserved::RoomTaken => panic!("the key was taken as well"),
                }
            }
            made
        }
    }))
    .await;
    assert!(made.iter().sum::<u32>() > 0);
}

fn the_rest_met_the_one_that_was_made(met: &[(ChatId, Reserved)]) {
    let made: Vec<_> = met.iter().filter(|(_, met)| *met == Reserved::Made).collect();
    assert_eq!(made.len(), 1, "{met:?}");
    let winner = made[0].0;
    for (id, met) in met {
        match met {
            Reserved::Made => assert_eq!(*id, winner),
            Reserved::KeyTaken(chat) => assert_eq!(chat.id, winner),
            Reserved::RoomTaken => panic!("the key was taken as well"),
        }
    }
}

async fn reserve_at_once(
    store: &Arc<dyn ChatStore>,
    rivals: impl Iterator<Item = Reservation>,
) -> Vec<(ChatId, Reserved)> {
    at_once(rivals.map(|rival| {
        let store = Arc::clone(store);
        async move { (rival.id, store.reserve(&rival).await.unwrap()) }
    }))
    .await
}

/// Runs each in a task of its own, all from one moment on, and returns what they return, in order.
async fn at_once<F>(calls: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let calls: Vec<_> = calls.collect();
    let start = Arc::new(Barrier::new(calls.len()));
    let mut tasks = JoinSet::new();
    for (number, call) in calls.into_iter().enumerate() {
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            (number, call.await)
        });
    }
    let mut outputs = tasks.join_all().await;
    outputs.sort_by_key(|(number, _)| *number);
    outputs.into_iter().map(|(_, output)| output).collect()
}
