//! Issuers whose keys come as a set.

mod files;
mod finding;
mod interop;
mod known_tokens;
mod rotation;
mod scene;
mod settings;
mod silence;
mod trouble;
