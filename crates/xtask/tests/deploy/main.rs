//! What stands in `deploy/`, held by the tools of those who will read it.
//!
//! `cargo xtask test` finds or installs the tools. Without one, its tests say that they did not run.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod alerts;
mod chart;
mod compose;
mod dashboard;
mod image;
mod promql;
mod systemd;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
