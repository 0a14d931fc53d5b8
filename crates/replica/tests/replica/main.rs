//! The replicated store, before stores in memory of which one lags behind the other.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod contract;
mod reading;
mod support;
mod trouble;
