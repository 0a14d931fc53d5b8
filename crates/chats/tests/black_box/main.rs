//! The service as its users meet it: real processes, real databases, real sockets.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[macro_use]
mod support;

mod access;
mod configuration;
mod convert;
mod create;
mod development;
mod event_service;
mod http_errors;
mod input;
mod read;
mod recover;
