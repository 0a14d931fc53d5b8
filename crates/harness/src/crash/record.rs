//! What was asked, and what was answered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployment::OUR_AUDIENCE;

/// One request and its answer.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) instance: usize,
    pub(crate) ask: Ask,
    pub(crate) expected: Expected,
    pub(crate) span: Span,
    pub(crate) answer: Answer,
}

/// Why a request was made, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Create,
    CreateRace,
    Convert,
    ConvertRace,
    RoomRace,
    Repeat,
    OtherTags,
    TakenRoom,
    StrangeRoom,
    Read,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Post(Post),
    ReadById(Uuid),
    ReadByScope(String),
}

/// A chat that was asked for, in our audience.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Post {
    pub(crate) scope: String,
    pub(crate) tags: Option<Value>,
    /// The room to convert; `None` for a new one.
    pub(crate) room: Option<Uuid>,
}

/// What the answer has to be, unless there is trouble.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// What was asked for, or a refusal that others explain: the event service, or who asked before.
    Anything,
    /// This chat, which was acknowledged before.
    Same(Arc<Chat>),
    /// A conflict with this chat, which was acknowledged before.
    Conflict(Uuid),
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Chat {
        status: u16,
        chat: Arc<Chat>,
    },
    Problem {
        status: u16,
        kind: String,
        chat_id: Option<Uuid>,
    },
    /// Something that is neither.
    Strange(String),
    /// The connection broke, or there was none.
    Broken(String),
    /// No answer came in time.
    TimedOut,
    /// The client left before the answer.
    Left,
}

/// A chat as the API writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are called so in the API")]
pub(crate) struct Chat {
    pub(crate) id: String,
    pub(crate) chat_id: Uuid,
    pub(crate) audience: String,
    pub(crate) scope: String,
    pub(crate) tags: Option<Value>,
    pub(crate) created_at: i64,
    pub(crate) real_time: Option<RealTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct RealTime {
    pub(crate) event_room_id: Uuid,
}

/// A stretch of time, counted from the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Post {
    pub(crate) fn path(&self) -> &'static str {
        if self.room.is_some() { "/api/v1/chats/convert" } else { "/api/v1/chats" }
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"audience": OUR_AUDIENCE, "scope": self.scope});
        if let Some(tags) = &self.tags {
            body["tags"] = tags.clone();
        }
        if let Some(room) = self.room {
            body["event_room_id"] = json!(room);
        }
        body
    }
}

impl Chat {
    pub(crate) fn room(&self) -> Option<Uuid> {
        self.real_time.map(|real_time| real_time.event_room_id)
    }

    /// Whether the chat, with its room open, is what was asked for.
    pub(crate) fn is_what_was_asked(&self, post: &Post) -> bool {
        self.id == post.scope
            && self.scope == post.scope
            && self.audience == OUR_AUDIENCE
            && self.tags == post.tags
            && self.room().is_some()
            && (post.room.is_none() || post.room == self.room())
    }
}

impl Record {
    /// The chat that was asked for.
    pub(crate) fn post(&self) -> Option<&Post> {
        match &self.ask {
            Ask::Post(post) => Some(post),
            Ask::ReadById(_) | Ask::ReadByScope(_) => None,
        }
    }

    /// The key of the chat that the request is about, as far as it tells.
    pub(crate) fn scope(&self) -> Option<&String> {
        match (&self.ask, &self.expected) {
            (Ask::Post(Post { scope, .. }) | Ask::ReadByScope(scope), _) => Some(scope),
            (Ask::ReadById(_), Expected::Same(chat)) => Some(&chat.scope),
            (Ask::ReadById(_), _) => None,
        }
    }

    /// The chat that a POST was answered with, and the status: from then on a promise.
    pub(crate) fn acknowledged(&self) -> Option<(&Post, u16, &Arc<Chat>)> {
        match (&self.ask, &self.answer) {
            (Ask::Post(post), Answer::Chat { status, chat }) => Some((post, *status, chat)),
            _ => None,
        }
    }
}

impl Answer {
    /// Whether it says that the request was refused, and left nothing.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Problem { kind, .. } if matches!(kind.as_str(),
            "event_service_rejected" | "event_room_not_found" | "event_room_taken"))
    }
}

impl Span {
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    pub(crate) fn length(self) -> Duration {
        self.until.saturating_sub(self.from)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.span.from.as_secs_f64(), self.span.until.as_secs_f64());
        let instance = self.instance + 1;
        write!(f, "{from:.3}s to {until:.3}s, instance {instance}, {}: ", self.kind.name())?;
        match &self.ask {
            Ask::Post(post) => write!(f, "POST {} {}", post.path(), post.body())?,
            Ask::ReadById(id) => write!(f, "GET {id}")?,
            Ask::ReadByScope(scope) => write!(f, "GET {scope}")?,
        }
        match &self.answer {
            Answer::Chat { status, chat } => write!(f, " -> {status} {chat:?}"),
            answer => write!(f, " -> {answer:?}"),
        }
    }
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CreateRace => "create, a race",
            Self::Convert => "convert",
            Self::ConvertRace => "convert, a race",
            Self::RoomRace => "convert, two scopes for one room",
            Self::Repeat => "repeat",
            Self::OtherTags => "repeat with other tags",
            Self::TakenRoom => "convert a room that carries a chat",
            Self::StrangeRoom => "convert another tenant's room",
            Self::Read => "read",
        }
    }
}
