//! What is kept, and what is not.

use chats_domain::chat::Chat;
use chats_domain::ports::{ChatStore, Reservation, Reserved};
use chats_domain::values::Tags;

use crate::support::{AskedStore, a_ready_chat, an_opening_chat, confirmed, reservation};

async fn by_id(store: &dyn ChatStore, chat: &Chat) -> Option<Chat> {
    store.find(chat.id).await.unwrap()
}

async fn by_key(store: &dyn ChatStore, chat: &Chat) -> Option<Chat> {
    store.find_by_key(&chat.audience, &chat.scope).await.unwrap()
}

#[tokio::test]
async fn a_ready_chat_is_asked_for_once_whichever_way_it_is_read() {
    let store = AskedStore::new();
    let (cached, plain) = (store.cached(), &*store);
    let one = a_ready_chat(plain, &reservation("school.example.org", "lesson-1")).await;
    let other = a_ready_chat(plain, &reservation("school.example.org", "lesson-2")).await;

    assert_eq!(by_id(&cached, &one).await, Some(one.clone()));
    assert_eq!(by_key(&cached, &other).await, Some(other.clone()));
    assert_eq!(store.asked(), 2);
    for chat in [&one, &other] {
        for _ in 0..3 {
            assert_eq!(by_id(&cached, chat).await.as_ref(), Some(chat));
            assert_eq!(by_key(&cached, chat).await.as_ref(), Some(chat));
        }
    }
    assert_eq!(store.asked(), 2);

    let stats = cached.stats();
    assert_eq!((stats.misses, stats.hits, stats.entries), (2, 12, 4));
}

#[tokio::test]
async fn a_ready_chat_that_a_reservation_meets_is_kept() {
    let store = AskedStore::new();
    let cached = store.cached();
    let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;

    let again = reservation("school.example.org", "lesson-1");
    assert_eq!(cached.reserve(&again).await.unwrap(), Reserved::KeyTaken(chat.clone()));
    assert_eq!(by_id(&cached, &chat).await, Some(chat.clone()));
    assert_eq!(by_key(&cached, &chat).await, Some(chat.clone()));
    assert_eq!(store.asked(), 0);
}

#[tokio::test]
async fn an_opening_chat_is_asked_for_each_time_and_seen_once_it_is_ready() {
    let store = AskedStore::new();
    let cached = store.cached();
    let wanted = reservation("school.example.org", "lesson-1");
    let opening = an_opening_chat(&cached, &wanted).await;
    let met = cached.reserve(&reservation("school.example.org", "lesson-1")).await.unwrap();
    assert_eq!(met, Reserved::KeyTaken(opening.clone()));

    for _ in 0..2 {
        assert_eq!(by_id(&cached, &opening).await, Some(opening.clone()));
        assert_eq!(by_key(&cached, &opening).await, Some(opening.clone()));
    }
    assert_eq!(store.asked(), 4);
    assert_eq!(cached.stats().entries, 0);

    let ready = confirmed(&cached, opening).await;
    assert_eq!(by_key(&cached, &ready).await, Some(ready.clone()));
    assert_eq!(by_id(&cached, &ready).await, Some(ready.clone()));
    assert_eq!(store.asked(), 5);
}

#[tokio::test]
async fn an_absent_chat_is_asked_for_each_time_and_seen_once_it_is_there() {
    let store = AskedStore::new();
    let cached = store.cached();
    let wanted = reservation("school.example.org", "lesson-1");
    let chat = wanted.to_chat();
    for _ in 0..2 {
        assert_eq!(by_id(&cached, &chat).await, None);
        assert_eq!(by_key(&cached, &chat).await, None);
    }
    assert_eq!(store.asked(), 4);

    // Made by another instance, past this cache.
    let ready = a_ready_chat(&*store, &wanted).await;
    assert_eq!(by_id(&cached, &ready).await, Some(ready));
}

#[tokio::test]
async fn an_error_is_passed_on_and_not_kept() {
    let store = AskedStore::new();
    let cached = store.cached();
    let chat = a_ready_chat(&*store, &reservation("school.example.org", "lesson-1")).await;

    store.fail(true);
    assert!(cached.find(chat.id).await.is_err());
    store.fail(false);
    assert_eq!(by_id(&cached, &chat).await, Some(chat.clone()));

    store.fail(true);
    assert_eq!(by_id(&cached, &chat).await, Some(chat.clone()));
}

#[tokio::test]
async fn keys_that_look_alike_lead_each_to_its_own_chat() {
    let store = AskedStore::new();
    let cached = store.cached();
    let keys = [
        ("a.b", "c"),
        ("a", ".bc"),
        ("a", "bc"),
        ("ab", "c"),
        ("abc", "c"),
        ("a", "b"),
        ("b", "a"),
    ];
    let mut chats = Vec::new();
    for (audience, scope) in keys {
        chats.push(a_ready_chat(&*store, &reservation(audience, scope)).await);
    }
    for _ in 0..2 {
        for chat in &chats {
            assert_eq!(by_key(&cached, chat).await.as_ref(), Some(chat));
        }
    }
    assert_eq!(store.asked(), chats.len() as u64);
}

#[tokio::test]
async fn however_many_chats_are_read_the_bound_holds() {
    const BYTES: u64 = 1 << 20;
    let store = AskedStore::new();
    let cached = store.cached_in(BYTES);
    let mut last = None;
    for number in 0..3000_usize {
        let tags = format!(r#"{{"text":"{}"}}"#, "x".repeat(number * 7919 % 16_000));
        let wanted = Reservation {
            tags: Some(Tags::parse(&tags).unwrap()),
            ..reservation("school.example.org", &format!("lesson-{number}"))
        };
        let chat = a_ready_chat(&*store, &wanted).await;
        assert!(by_id(&cached, &chat).await.is_some());
        assert!(cached.stats().bytes <= BYTES, "{:?}", cached.stats());
        last = Some(chat);
    }
    let (asked, stats) = (store.asked(), cached.stats());
    assert!(stats.bytes > BYTES / 2, "{stats:?}");
    assert!(by_key(&cached, &last.unwrap()).await.is_some());
    assert_eq!(store.asked(), asked, "the last one is still there");
}

#[tokio::test]
async fn all_that_is_kept_is_counted() {
    const TAGS_BYTES: usize = 8 << 10;
    let store = AskedStore::new();
    let cached = store.cached();
    let tags = format!(r#"{{"text":"{}"}}"#, "x".repeat(TAGS_BYTES));
    for number in 0..10 {
        let before = cached.stats().bytes;
        let wanted = Reservation {
            tags: Some(Tags::parse(&tags).unwrap()),
            ..reservation("school.example.org", &format!("lesson-{number}"))
        };
        let chat = a_ready_chat(&*store, &wanted).await;
        by_id(&cached, &chat).await;
        // Once for each key, with what else there is of a chat.
        let counted = cached.stats().bytes - before;
        let least = 2 * TAGS_BYTES as u64;
        assert!((least + 400..least + 1500).contains(&counted), "{counted}");
    }
}

#[tokio::test]
async fn a_small_cache_keeps_the_largest_chat() {
    let store = AskedStore::new();
    let cached = store.cached_in(64 << 10);
    let longest = "🦀".repeat(255);
    let tags = format!(r#"{{"text":"{}"}}"#, "x".repeat(Tags::MAX_BYTES - 11));
    let wanted =
        Reservation { tags: Some(Tags::parse(&tags).unwrap()), ..reservation(&longest, &longest) };
    let chat = a_ready_chat(&*store, &wanted).await;
    for _ in 0..2 {
        assert_eq!(by_key(&cached, &chat).await, Some(chat.clone()));
    }
    assert_eq!(store.asked(), 1);
}
