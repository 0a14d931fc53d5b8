use std::hash::RandomState;
use std::num::NonZeroU64;

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};

use crate::ready_chat::{Key, ReadyChat};

/// Ready chats in so many bytes at the most; those that are asked for most stay.
///
/// A chat has an entry for each of its keys, and either may go before the other. Both share the chat, but
/// each counts all of it, for it may be the one that stays: what is counted is about what is there, or up
/// to twice as much. Where chats are read by one of their keys alone, the entries of the other go first.
///
/// Keys come from outside, so they are hashed by what withstands chosen ones: `SipHash` with a random key.
pub(crate) struct ReadyChats(Cache<Key, Answer, Weight, RandomState>);

/// What became of looking for a chat.
pub(crate) enum LookUp<'a> {
    /// It is here, or another reader has just brought it.
    Here(ReadyChat),
    /// It is not here. This reader is to ask the store, and to tell those who come meanwhile.
    Missing(Waiting<'a>),
    /// It is not here, and another reader has asked the store, but brought no ready chat.
    ///
    /// A chat that this reader knows of may have been made after that one asked. So this reader asks too,
    /// and all others who waited do at the same time.
    NotBrought,
}

/// Those who wait for a reader to ask the store. If it is dropped, one of them asks instead.
pub(crate) struct Waiting<'a>(PlaceholderGuard<'a, Key, Answer, Weight, RandomState, Lifecycle>);

type Lifecycle = DefaultLifecycle<Key, Answer>;

/// What is kept, or else only told to those who wait.
#[derive(Debug, Clone)]
enum Answer {
    Ready(ReadyChat),
    /// Too heavy to be kept.
    NotBrought,
}

#[derive(Debug, Clone)]
struct Weight;

impl ReadyChats {
    pub(crate) fn new(bytes: NonZeroU64) -> Self {
        // The cache is split so that each part has room for 32 such chats, and so for the largest there is.
        const TYPICAL_BYTES: u64 = 1024;
        let entries = usize::try_from(bytes.get() / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with(entries, bytes.get(), Weight, RandomState::new(), Lifecycle::default()))
    }

    /// Looks for a chat. Waits while another reader asks the store for it.
    pub(crate) async fn look_up(&self, key: &Key) -> LookUp<'_> {
        match self.0.get_value_or_guard_async(key).await {
            Ok(Answer::Ready(chat)) => LookUp::Here(chat),
            Ok(Answer::NotBrought) => LookUp::NotBrought,
            Err(guard) => LookUp::Missing(Waiting(guard)),
        }
    }

    /// Keeps a chat under both of its keys.
    pub(crate) fn keep(&self, chat: &ReadyChat) {
        for key in chat.keys() {
            // What is there is the same already; put there again, it would pass for one that is asked for.
            if !self.0.contains_key(&key) {
                self.0.insert(key, Answer::Ready(chat.clone()));
            }
        }
    }

    /// How many entries there are: two for a chat that is found by both of its keys.
    pub(crate) fn entries(&self) -> usize {
        self.0.len()
    }

    /// How many bytes they count.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}

impl Waiting<'_> {
    /// Tells those who wait what the store answered. A chat is kept, too.
    pub(crate) fn tell(self, chat: Option<ReadyChat>) {
        let answer = chat.map_or(Answer::NotBrought, Answer::Ready);
        // An error says that the chat has been kept meanwhile by another way.
        let _ = self.0.insert(answer);
    }
}

impl Weighter<Key, Answer> for Weight {
    fn weight(&self, key: &Key, answer: &Answer) -> u64 {
        /// What an entry takes in the tables of a cache that is full, as measured.
        const ENTRY_BYTES: u64 = 96;
        match answer {
            Answer::Ready(chat) => ENTRY_BYTES + key.bytes() + chat.bytes(),
            Answer::NotBrought => u64::MAX,
        }
    }
}
