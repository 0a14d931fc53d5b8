//! What the process can be told to do.

mod banner;
mod check;
mod completions;
mod event;
mod health;
mod import;
mod migrate;
mod openapi;
mod recover;
mod serve;
mod shutdown;
mod token;

pub(crate) use check::check;
pub(crate) use completions::completions;
pub(crate) use event::event;
pub(crate) use health::health;
pub(crate) use import::{LinesRefused, import};
pub(crate) use migrate::migrate;
pub(crate) use openapi::openapi;
pub(crate) use recover::recover;
pub(crate) use serve::serve;
pub(crate) use token::token;
