//! What can be done with chats: [create](Chats::create), [convert](Chats::convert), and read
//! [by identifier](Chats::read) or [by key](Chats::read_by_key). What was left half done is
//! [recovered](Chats::recover).

mod convert;
mod create;
mod errors;
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
pub use place::Creation;
pub use recover::Recovery;

use crate::ports::{AccessPolicy, ChatIds, ChatStore, Clock, EventRooms};
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
    /// How long a request waits for another one that is opening the same chat.
    pub wait: Duration,
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
}
