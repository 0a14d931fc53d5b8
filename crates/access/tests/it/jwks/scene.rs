//! One issuer with a JWKS on a server, and a clock that stands still.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, HttpClients, Issuer, IssuerKeys, Jwks, JwksSettings, JwksSource};
use chats_domain::values::Account;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use chats_testkit::memory::ManualClock;
use serde_json::{Value, json};

use crate::both_ways::BothWays;
use crate::scene::{ISSUER, tutor};

pub(super) const UNKNOWN_KEY: &str = "names a key that its issuer does not have";
pub(super) const UNNAMED_KEY: &str =
    "does not name the one of its issuer's keys that it is signed with";
pub(super) const NO_KEYS: &str = "(cannot be verified, for its issuer's keys are not at hand)";

pub(super) struct Scene {
    pub(super) server: JwksServer,
    pub(super) clock: Arc<ManualClock>,
    pub(super) jwks: Arc<Jwks>,
    pub(super) issuers: Arc<BothWays>,
}

impl Scene {
    pub(super) const REFRESH: Duration = Duration::from_mins(5);
    pub(super) const MAX_AGE: Duration = Duration::from_hours(1);
    pub(super) const COOLDOWN: Duration = Duration::from_secs(30);

    /// Keys that are at hand.
    pub(super) async fn with_keys(keys: &[&IssuerKey]) -> Self {
        Self::with_set(serde_json::to_value(jwks(keys.iter().copied())).unwrap()).await
    }

    /// A set that is at hand.
    pub(super) async fn with_set(set: Value) -> Self {
        let scene = Self::starting(Behaviour::Serves(set.to_string())).await;
        scene.server.until_requests(1).await;
        scene.clock.until_asleep(1).await;
        assert_eq!(scene.jwks.generation(), Some(1));
        scene
    }

    /// A server, and who may have asked it already, or not.
    pub(super) async fn starting(behaviour: Behaviour) -> Self {
        Self::with_timeout(behaviour, Duration::from_mins(1)).await
    }

    pub(super) async fn with_timeout(behaviour: Behaviour, timeout: Duration) -> Self {
        let server = JwksServer::start(behaviour).await.unwrap();
        let clock = Arc::new(ManualClock::default());
        let settings = JwksSettings { timeout, ..settings(Algorithm::Es256) };
        let source = JwksSource::Url(server.url().parse().unwrap());
        let jwks = Arc::new(
            Jwks::start(ISSUER, source, settings, &HttpClients::default(), clock.clone()).unwrap(),
        );
        let issuers = Arc::new(issuers(IssuerKeys::Set(Arc::clone(&jwks)), &clock));
        Self { server, clock, jwks, issuers }
    }

    pub(super) fn serve(&self, keys: &[&IssuerKey]) {
        let set = serde_json::to_string(&jwks(keys.iter().copied())).unwrap();
        self.server.behave(Behaviour::Serves(set));
    }

    /// Lets the time pass until the set is fetched again, and returns once it was.
    pub(super) async fn refresh(&self) {
        let requests = self.server.requests();
        self.clock.advance(Self::REFRESH);
        self.server.until_requests(requests + 1).await;
        self.clock.until_asleep(1).await;
    }

    pub(super) async fn authenticate(&self, token: &str) -> Result<Account, String> {
        self.issuers.authenticate(token).await
    }

    pub(super) async fn refusal(&self, token: &str) -> String {
        self.authenticate(token).await.unwrap_err()
    }
}

pub(super) fn settings(algorithm: Algorithm) -> JwksSettings {
    JwksSettings {
        refresh: Scene::REFRESH,
        max_age: Scene::MAX_AGE,
        cooldown: Scene::COOLDOWN,
        ..JwksSettings::new(algorithm)
    }
}

pub(super) fn issuers(keys: IssuerKeys, clock: &Arc<ManualClock>) -> BothWays {
    let audiences = HashSet::from([tutor().audience().clone()]);
    let by_name = HashMap::from([(ISSUER.to_owned(), Issuer::new(keys, audiences))]);
    BothWays::new(by_name, clock)
}

pub(super) fn key(id: &str) -> IssuerKey {
    IssuerKey::generate(Some(id)).unwrap()
}

/// What a token says that outlives every test.
pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "aud": "school.example.org",
        "sub": "tutor-7",
        "exp": 4_102_444_800_i64,
    })
}

pub(super) fn token(key: &IssuerKey) -> String {
    key.sign(&claims()).unwrap()
}
