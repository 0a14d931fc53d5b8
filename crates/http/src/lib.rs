//! The transport: four routes over HTTP with JSON, for the use cases of `chats-domain`.
//!
//! A request is parsed into domain values, its caller is authenticated, it passes one use case, and
//! leaves as one chat object or one problem (RFC 9457). There is no other way
//! in and none round.

mod access_log;
mod api;
mod chat_object;
mod connection;
mod cors;
mod docs;
mod entrance;
mod etag;
#[doc(hidden)]
pub mod internals;
mod limits;
mod middleware;
mod observer;
mod openapi;
mod origin;
mod problem;
mod request;
mod request_id;
mod response_headers;
mod resting;
mod route;
mod routes;
mod server;
mod settings;
mod trace;

pub use api::Api;
pub use limits::{InvalidQuota, Limits, Quota};
pub use observer::{Answered, RequestMethod, RequestObserver};
pub use openapi::openapi;
pub use origin::{InvalidOrigin, Origin};
pub use route::Route;
pub use server::{Running, serve};
pub use settings::Settings;
