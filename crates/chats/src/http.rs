//! How the API's server treats its clients.

use std::time::Duration;

use chats_http::{Limits, Settings};

use crate::config::{ConfigError, Loaded, Quota};
use crate::timing;

/// The server's clock stands still for up to half a second.
const SHORTEST: Duration = Duration::from_secs(1);

/// Longer than any client is worth waiting for.
const LONGEST: Duration = Duration::from_hours(1);

pub(crate) fn read(loaded: &Loaded) -> Result<Settings, ConfigError> {
    let http = &loaded.config.http;
    for (key, time) in
        [("http.keep_alive", http.keep_alive), ("http.client_timeout", http.client_timeout)]
    {
        if !(SHORTEST..=LONGEST).contains(&time) {
            return Err(loaded.error(key, "is not from 1 second to 1 hour"));
        }
    }
    let limits = &loaded.config.limits;
    Ok(Settings {
        keep_alive: http.keep_alive,
        client_timeout: http.client_timeout,
        authentication_timeout: timing::time_for_authentication(loaded),
        max_connections: http.max_connections,
        limits: Limits {
            account: quota("limits.account", limits.account, loaded)?,
            audience: quota("limits.audience", limits.audience, loaded)?,
        },
        collects_traces: loaded.config.traces.endpoint.is_some(),
        cors_origins: http.cors_origins.iter().map(|origin| origin.0.clone()).collect(),
        docs: http.docs,
    })
}

fn quota(
    key: &str,
    quota: Option<Quota>,
    loaded: &Loaded,
) -> Result<Option<chats_http::Quota>, ConfigError> {
    let quota = quota.map(|Quota { requests, per }| chats_http::Quota::new(requests, per));
    quota.transpose().map_err(|error| loaded.error(key, error))
}
