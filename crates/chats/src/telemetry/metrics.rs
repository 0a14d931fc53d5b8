//! Figures: what is counted here, and by whom.

use anyhow::Result;
use chats_http::{Answered, RequestMethod, RequestObserver, Route};
use chats_telemetry::{Build, Metrics, RequestMetrics};

use crate::version;

const BUILD: Build = Build { version: version::VERSION, commit: version::COMMIT };

static METHODS: [&str; RequestMethod::ALL.len()] = {
    let mut names = [""; RequestMethod::ALL.len()];
    let mut number = 0;
    while number < names.len() {
        names[number] = RequestMethod::ALL[number].as_str();
        number += 1;
    }
    names
};

static ROUTES: [&str; Route::ALL.len()] = {
    let mut patterns = [""; Route::ALL.len()];
    let mut number = 0;
    while number < patterns.len() {
        patterns[number] = Route::ALL[number].pattern();
        number += 1;
    }
    patterns
};

/// The figures of this process, of which there are none yet.
pub(crate) fn metrics() -> Result<Metrics> {
    Ok(Metrics::new(BUILD)?)
}

/// Counts and times the requests of the API.
pub(crate) struct CountedRequests(RequestMetrics);

impl CountedRequests {
    pub(crate) fn by(metrics: &Metrics) -> Self {
        Self(metrics.requests(&METHODS, &ROUTES))
    }
}

impl RequestObserver for CountedRequests {
    fn began(&self) {
        self.0.began();
    }

    fn answered(&self, answered: &Answered) {
        let Answered { method, route, status, duration } = *answered;
        self.0.answered(method as usize, route as usize, status, duration);
    }

    fn abandoned(&self) {
        self.0.abandoned();
    }
}
