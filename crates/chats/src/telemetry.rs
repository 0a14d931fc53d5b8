//! Logs, on standard error: standard output is for what was asked for.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, Loaded};

/// Starts to log what `log.filter` lets through.
pub(crate) fn start(loaded: &Loaded) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&loaded.config.log.filter)
        .map_err(|error| loaded.error("log.filter", error))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}
