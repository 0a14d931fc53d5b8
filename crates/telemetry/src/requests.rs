use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntGauge};

/// The requests of the API: how many are under way, and how long each took, by method, route and status.
///
/// Methods and routes are numbers here, so that nothing is looked up by its name while a request waits.
pub struct RequestMetrics {
    active: IntGauge,
    durations: HistogramVec,
    methods: &'static [&'static str],
    routes: &'static [&'static str],
    /// Those of a method, a route and one of [`STATUSES`], once there is something to tell.
    known: Vec<OnceLock<Histogram>>,
}

/// The statuses that the API has.
const STATUSES: [u16; 17] =
    [200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503];

impl RequestMetrics {
    pub(crate) fn new(
        active: &IntGauge,
        durations: &HistogramVec,
        methods: &'static [&'static str],
        routes: &'static [&'static str],
    ) -> Self {
        let known = methods.len() * routes.len() * STATUSES.len();
        let known = (0..known).map(|_| OnceLock::new()).collect();
        Self { active: active.clone(), durations: durations.clone(), methods, routes, known }
    }

    /// Notes that a request has begun.
    pub fn began(&self) {
        self.active.inc();
    }

    /// Notes that one has been answered: by the numbers of its method and of its route, which are those of
    /// their names.
    pub fn answered(&self, method: usize, route: usize, status: u16, duration: Duration) {
        self.active.dec();
        let seconds = duration.as_secs_f64();
        let Some(place) = STATUSES.iter().position(|known| *known == status) else {
            return self.durations(method, route, status).observe(seconds);
        };
        let place = (method * self.routes.len() + route) * STATUSES.len() + place;
        self.known[place].get_or_init(|| self.durations(method, route, status)).observe(seconds);
    }

    /// Notes that nobody waits for the answer to one any more.
    pub fn abandoned(&self) {
        self.active.dec();
    }

    fn durations(&self, method: usize, route: usize, status: u16) -> Histogram {
        let status = status.to_string();
        self.durations.with_label_values(&[self.methods[method], self.routes[route], &status])
    }
}
