use std::time::Duration;

use chats_domain::use_cases::Settings;

use crate::config::{ConfigError, Loaded};

/// The pause after a first attempt to open a chat that did not succeed.
const PAUSE: Duration = Duration::from_secs(1);

/// How patient the use cases are, by the settings of requests, of the event service and of recovery.
pub(crate) fn read(loaded: &Loaded) -> Result<Settings, ConfigError> {
    let recovery = &loaded.config.recovery;
    let timeout = loaded.config.event.timeout;
    if recovery.lease <= timeout {
        return Err(loaded.error("recovery.lease", "is not longer than event.timeout"));
    }
    if recovery.interval.is_zero() {
        return Err(loaded.error("recovery.interval", "is zero"));
    }
    if recovery.backoff_max < PAUSE {
        return Err(loaded.error("recovery.backoff_max", "is shorter than a second"));
    }
    // Whoever has waited may still have to open the room.
    let wait = loaded.config.http.deadline.saturating_sub(timeout);
    if wait.is_zero() {
        return Err(loaded.error("http.deadline", "is not longer than event.timeout"));
    }
    Ok(Settings { lease: recovery.lease, wait, pause: PAUSE, longest_pause: recovery.backoff_max })
}
