//! All that a read by identifier takes, from its token to its answer, but for the web server and the database.

use std::sync::Arc;
use std::time::Duration;

use chats_access::Algorithm;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{Authenticator, ChatStore, Reservation};
use chats_domain::use_cases::{Chats, Ports, Settings};
use chats_http::internals::{etag, to_json};
use chats_testkit::memory::{MemoryRooms, MemoryStore, RandomIds};

use crate::samples::{chat, tutor};
use crate::standing_clock::StandingClock;
use crate::{Part, at_once, chats, policies, tokens};

/// The token is verified each time, and the chat is found in a map.
#[must_use]
pub fn read_without_caches() -> Part {
    read(tokens::issuers(Algorithm::Es256), store_with(&chat()))
}

/// The token and the chat are known from before.
#[must_use]
pub fn read_with_caches() -> Part {
    read(tokens::cached(tokens::issuers(Algorithm::Es256)), chats::keeping(chat()))
}

fn read(authenticator: impl Authenticator + 'static, store: impl ChatStore + 'static) -> Part {
    let (authenticator, chats): (Arc<dyn Authenticator>, _) =
        (Arc::new(authenticator), use_cases(store));
    let (token, id) = (tokens::token(Algorithm::Es256), chat().id);
    Part::new(move || {
        let account = at_once(authenticator.authenticate(&token));
        let chat = at_once(chats.read(&account, id));
        let json = to_json(&chat).expect("it can be written");
        let etag = etag(&json);
        (json, etag)
    })
}

fn use_cases(store: impl ChatStore + 'static) -> Chats {
    let ports = Ports {
        store: Arc::new(store),
        rooms: Arc::new(MemoryRooms::default()),
        access: Arc::new(policies::trusting_the_tutor()),
        clock: Arc::new(StandingClock),
        ids: Arc::new(RandomIds),
    };
    let settings = Settings {
        lease: Duration::from_secs(10),
        deadline: Duration::from_secs(10),
        tries: 1,
        pause: Duration::from_secs(1),
        longest_pause: Duration::from_mins(1),
    };
    Chats::new(ports, settings)
}

fn store_with(chat: &Chat) -> MemoryStore {
    let store = MemoryStore::default();
    let reservation = Reservation {
        id: chat.id,
        audience: chat.audience.clone(),
        scope: chat.scope.clone(),
        tags: chat.tags.clone(),
        existing_room: None,
        asked_by: tutor(),
        created_at: chat.created_at,
        lease_until: chat.created_at,
    };
    at_once(store.reserve(&reservation));
    let room = chat.event_room().expect("it is ready");
    at_once(store.confirm(chat.id, Attempt::FIRST, room));
    store
}
