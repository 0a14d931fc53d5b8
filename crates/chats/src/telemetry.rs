//! Logs, on standard error: standard output is for what was asked for.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{ConfigError, Loaded};

/// Starts to log what `log.filter` lets through.
pub(crate) fn start(loaded: &Loaded) -> Result<(), ConfigError> {
    let filter = read(loaded)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}

/// What `log.filter` lets through.
pub(crate) fn read(loaded: &Loaded) -> Result<EnvFilter, ConfigError> {
    let filter = &loaded.config.log.filter;
    if let Some(word) = filter.split(',').find(|directive| is_a_word_alone(directive)) {
        let reason = format!("has the directive {word:?}, which is no level and has none");
        return Err(loaded.error("log.filter", reason));
    }
    EnvFilter::try_new(filter).map_err(|error| loaded.error("log.filter", error))
}

/// A module without a level would be logged in full. Mostly it is a misspelt level.
fn is_a_word_alone(directive: &str) -> bool {
    let directive = directive.trim();
    let is_word = !directive.is_empty() && !directive.contains(['=', '[', ']', '{', '}']);
    is_word && directive.parse::<LevelFilter>().is_err()
}
