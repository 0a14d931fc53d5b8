//! A small room service with the HTTP face of the platform's event service.
//!
//! It is the embedded default beside `chats serve`, a process of its own with `chats event`, and the
//! partner of tests and benchmarks. On the calls it knows it behaves as the event service does, errors
//! included, with one difference: it honours `Idempotency-Key` ([`IdempotencyKeys`]).
//!
//! | call | |
//! | --- | --- |
//! | `POST /api/v1/rooms` | opens a room |
//! | `GET`, `PATCH /api/v1/rooms/{id}` | reads and changes it |
//! | `POST`, `GET /api/v1/rooms/{id}/events` | posts an event and lists them |
//! | `GET /healthz` | `pong` |
//!
//! For tests it can misbehave on demand ([`Faults`]), in the same process or over HTTP. What is not the
//! event service's own lives under `/test` and exists only where faults are switched on:
//!
//! | call | |
//! | --- | --- |
//! | `GET`, `PUT`, `POST`, `DELETE /test/faults` | shows, replaces, adds to and clears the [`Fault`]s |
//! | `GET /test/rooms?classroom_id=` | all rooms, or those with this `classroom_id`, the oldest first |
//!
//! * [`EventService`]: the service over its data; [`EventService::listen`] gives it an address.
//! * [`Settings`]: where the data is, whom it serves, and how.

mod access;
mod api_error;
mod events;
mod faults;
mod json_body;
mod rooms;
mod routes;
mod server;
mod service;
mod settings;
mod store;

pub use faults::{Calls, ErrorStatus, Fault, Faults, InvalidErrorStatus, Misbehaviour, When};
pub use rooms::{Room, RoomKind, RoomTime};
pub use server::Running;
pub use service::EventService;
pub use settings::{Audiences, IdempotencyKeys, Settings, Storage};
pub use store::{OpenError, StoreError};
