//! The service as its users meet it: real processes, real databases, real sockets.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[macro_use]
mod support;

mod access;
mod browser;
mod cache;
mod check;
mod command_line;
mod configuration;
mod convert;
mod cors;
mod create;
mod development;
mod docs;
mod event_service;
mod foreign_tenants;
mod forgery;
mod fuzz;
mod http_errors;
mod import;
mod input;
mod jwks;
mod limits;
mod odd_requests;
mod operators;
mod pooler;
mod private_authorities;
mod read;
mod recover;
mod replica;
mod resting_connections;
mod rolling_restart;
mod secrets;
mod shutdown;
mod slow_clients;
mod smuggling;
mod telemetry;
mod tenant_policy;
mod tls;
mod upgrade;
