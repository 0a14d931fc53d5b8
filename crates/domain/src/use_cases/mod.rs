//! What can be done with chats: [create](Chats::create), [convert](Chats::convert), and read
//! [by identifier](Chats::read) or [by key](Chats::read_by_key). What was left half done is
//! [recovered](Chats::recover). Chats that were made elsewhere are [imported](Importer::import).

mod convert;
mod create;
mod deadline;
mod errors;
mod import;
mod in_flight;
mod open;
mod place;
mod read;
mod recover;

use std::sync::Arc;
use std::time::Duration;

pub use convert::ConvertChat;
pub use create::CreateChat;
pub use errors::{CreateError, ReadError};
pub use import::{ImportChat, Imported, Importer, Refusal};
pub use place::Creation;
pub use recover::{Recovered, Recovery};

use crate::ports::{AccessPolicy, ChatIds, ChatStore, Clock, EventRooms};
use deadline::Deadline;
use in_flight::InFlight;

/// The use cases, over the ports that they need.
///
/// One value serves all requests of a process. It knows which chats it is opening itself, so that a
/// second creator in the same process waits for the first without polling.
pub struct Chats {
    ports: Ports,
    settings: Settings,
    in_flight: InFlight,
}

/// The adapters that the use cases work with.
#[derive(Clone)]
pub struct Ports {
    /// Where chats are kept.
    pub store: Arc<dyn ChatStore>,
    /// Where their rooms are.
    pub rooms: Arc<dyn EventRooms>,
    /// Who may do what.
    pub access: Arc<dyn AccessPolicy>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Identifiers for new chats.
    pub ids: Arc<dyn ChatIds>,
}

/// How patient the use cases are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long one attempt to open a chat has it for itself. Longer than the event service takes to
    /// answer or to time out, else two attempts overlap: harmless, but wasted.
    pub lease: Duration,
    /// How long a request takes at the most. Longer than the event service takes to answer or to time
    /// out, else no attempt comes to its end.
    pub deadline: Duration,
    /// How often a request itself tries to open a chat, while nobody knows what became of the last try
    /// and its time lasts. Then the chat is left to recovery, or to the next request. At least one.
    pub tries: u32,
    /// The pause before the next attempt, after a first one that did not succeed. It doubles with each
    /// attempt, up to `longest_pause`; of each pause, up to a half is left out at random.
    pub pause: Duration,
    /// The longest pause before the next attempt.
    pub longest_pause: Duration,
}

impl Chats {
    /// The use cases over `ports`.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self { ports, settings, in_flight: InFlight::default() }
    }

    /// The deadline of a request that comes now.
    fn deadline(&self) -> Deadline<'_> {
        Deadline::after(&*self.ports.clock, self.settings.deadline)
    }
}
