//! The cached store, before a store in memory that tells what it was asked.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod at_once;
mod contract;
mod keeping;
mod support;
