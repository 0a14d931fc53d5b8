//! Event rooms over HTTP: the port [`EventRooms`](chats_domain::ports::EventRooms) for the platform's
//! event service.
//!
//! What a caller may conclude from an answer decides whether a chat's reservation is kept, so it is the
//! heart of this crate. Where nobody can know, the answer is `Unknown`.
//!
//! | seen | meaning |
//! | --- | --- |
//! | `200` or `201` with the room that was asked for | done |
//! | `200` or `201` with anything else; any other 2xx or 1xx | unknown |
//! | `404 room_not_found` | no such room |
//! | `422` with `database_connection_acquisition_failed`, `authorization_failed` or `broker_request_failed`; `429` | unavailable |
//! | `422` with `database_query_failed`, or with JSON that is cut or garbled; `408` | unknown |
//! | any other 4xx | refused |
//! | `301`, `302`, `307`, `308`: redirects are not followed, and who sends them has done nothing | refused |
//! | any other 3xx (a `303` may follow what was done); 5xx | unknown |
//! | no connection: refused, name not found, TLS failed, connect time-out; no token to send | unavailable |
//! | no answer after that: time-out, cut connection, broken HTTP, a body cut or longer than 1 MiB | unknown |

mod answer;
mod client;
mod error;
mod settings;
mod wire;

pub use client::{EventClient, TokenSource};
pub use error::SetupError;
pub use settings::{InvalidRoomKind, RoomKind, Settings};
