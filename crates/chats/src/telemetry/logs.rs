//! Logs, on standard error: standard output is for what was asked for.

use std::io::{self, IsTerminal};

use tokio::signal::unix::{SignalKind, signal};
use tracing::Subscriber;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{self, ConfigError, Flags, Loaded, LogFormat};

/// How many lines may wait to be written. Further ones are left out, and counted: whoever reads the log slowly,
/// or not at all, stops nobody.
const MOST_WAITING: usize = 16_384;

/// The log. What is still to be written is, for a second at the most, when this is dropped.
#[must_use = "the log ends when this is dropped"]
pub(crate) struct Log {
    lines_dropped: ErrorCounter,
    _writer: WorkerGuard,
}

impl Log {
    /// How many lines were left out, since nobody read those before them.
    pub(crate) fn lines_dropped(&self) -> ErrorCounter {
        self.lines_dropped.clone()
    }
}

/// Starts to log what `log.filter` lets through.
///
/// On SIGHUP that setting is read again, where logs do not go to a terminal: there the signal says that
/// the terminal is gone, and ends the process as ever.
pub(crate) fn start(loaded: &Loaded, flags: &Flags) -> Result<Log, ConfigError> {
    let (filter, handle) = reload::Layer::new(filter(loaded)?);
    let is_terminal = io::stderr().is_terminal();
    let builder = NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING);
    let (writer, guard) = builder.thread_name("log").finish(io::stderr());
    let lines_dropped = writer.error_counter();
    let lines = lines(loaded.config.log.format, is_terminal, writer);
    tracing_subscriber::registry().with(filter).with(lines).init();
    if !is_terminal {
        tokio::spawn(reload_on_hangup(handle, flags.clone()));
    }
    Ok(Log { lines_dropped, _writer: guard })
}

/// What `log.filter` lets through.
pub(crate) fn filter(loaded: &Loaded) -> Result<EnvFilter, ConfigError> {
    let filter = &loaded.config.log.filter;
    if let Some(word) = filter.split(',').find(|directive| is_a_word_alone(directive)) {
        let reason = format!("has the directive {word:?}, which is no level and has none");
        return Err(loaded.error("log.filter", reason));
    }
    EnvFilter::try_new(filter).map_err(|error| loaded.error("log.filter", error))
}

fn lines<S>(
    format: LogFormat,
    is_terminal: bool,
    writer: NonBlocking,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let is_json = match format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = fmt::layer().with_writer(writer);
    if is_json {
        let json = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
        json.boxed()
    } else {
        lines.with_ansi(is_terminal).boxed()
    }
}

async fn reload_on_hangup(handle: reload::Handle<EnvFilter, Registry>, flags: Flags) {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be listened for"),
    };
    while hangups.recv().await.is_some() {
        let read = config::load(&flags).and_then(|loaded| {
            let filter = filter(&loaded)?;
            Ok((filter, loaded.config.log.filter))
        });
        match read {
            Ok((filter, text)) => match handle.reload(filter) {
                Ok(()) => tracing::info!(filter = text, "logging by another filter from now on"),
                Err(error) => tracing::warn!(%error, "the filter of the log cannot be changed"),
            },
            Err(error) => tracing::warn!(%error, "the filter of the log stays as it was"),
        }
    }
}

/// A module without a level would be logged in full. Mostly it is a misspelt level.
fn is_a_word_alone(directive: &str) -> bool {
    let directive = directive.trim();
    let is_word = !directive.is_empty() && !directive.contains(['=', '[', ']', '{', '}']);
    is_word && directive.parse::<LevelFilter>().is_err()
}
