use std::time::Duration;

use chats_domain::use_cases::Settings;

use crate::config::{ConfigError, Loaded};

/// The pause after a first attempt to open a chat that did not succeed.
const PAUSE: Duration = Duration::from_millis(250);

/// After this time the platform's clients give up.
const CLIENTS_GIVE_UP: Duration = Duration::from_secs(10);

/// Of that, what an answer may take on its way.
const ON_THE_WAY: Duration = Duration::from_millis(500);

/// How often a request itself tries: its caller does not see a broken connection, and an event service in
/// trouble gets three calls for a request at the most.
const TRIES: u32 = 3;

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
        return Err(loaded.error("recovery.backoff_max", "is shorter than 250ms"));
    }
    let deadline = loaded.config.http.deadline;
    if deadline <= timeout {
        return Err(loaded.error("http.deadline", "is not longer than event.timeout"));
    }
    if deadline >= CLIENTS_GIVE_UP {
        return Err(loaded.error("http.deadline", "is not shorter than the clients' ten seconds"));
    }
    let (lease, longest_pause) = (recovery.lease, recovery.backoff_max);
    Ok(Settings { lease, deadline, tries: TRIES, pause: PAUSE, longest_pause })
}

/// How long it may take to tell who calls: what `http.deadline`, which begins then, leaves of the time until
/// clients give up.
pub(crate) fn time_for_authentication(loaded: &Loaded) -> Duration {
    let deadline = loaded.config.http.deadline;
    CLIENTS_GIVE_UP.saturating_sub(ON_THE_WAY).saturating_sub(deadline)
}
