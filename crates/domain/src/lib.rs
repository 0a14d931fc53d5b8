//! The domain of `chats`: what a chat is, what it needs from the world, and what can be done with it.
//!
//! A chat is a room with events. Rooms and events live in the platform's *event service*; this crate
//! owns the chat. It creates a chat together with its event room, turns an existing event room into a
//! chat, and reads chats back.
//!
//! * [`values`]: the words of the domain, parsed once into types that cannot be wrong.
//! * [`chat`]: the chat and its states.
//! * [`ports`]: what the use cases need from the world, as traits. Adapters implement them.
//! * [`use_cases`]: [`Chats`](use_cases::Chats), the one way in.
//!
//! Nothing here does I/O or knows a framework, a database or an async runtime, so a team can embed the
//! crate with adapters of its own; `examples/embed.rs` does just that.

pub mod chat;
pub mod ports;
pub mod use_cases;
pub mod values;
