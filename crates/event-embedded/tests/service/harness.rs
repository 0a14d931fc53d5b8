//! A service to test, and what the tests say over and over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_event_embedded::{Audiences, EventService, Faults, Running, Settings};
use chats_testkit::memory::{LiteralTokens, ManualClock};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const AUDIENCE: &str = "school.example.org";
/// An account that may use every room.
pub(crate) const SERVICE: &str = "chats.svc.example.org";
/// An account of the audience.
pub(crate) const TUTOR: &str = "tutor-7.school.example.org";
/// An account of another audience.
pub(crate) const STRANGER: &str = "tutor-7.other.example.org";

pub(crate) const CLASSROOM: &str = "0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11";

pub(crate) struct Service {
    pub(crate) event: EventService,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) faults: Faults,
    pub(crate) running: Running,
    http: Client,
}

impl Service {
    /// A service in memory that knows two audiences and has faults.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let faults = Faults::default();
        let mut settings = Settings {
            audiences: Audiences::Only(BTreeSet::from([
                AUDIENCE.parse().unwrap(),
                "other.example.org".parse().unwrap(),
            ])),
            service_accounts: BTreeSet::from([SERVICE.parse().unwrap()]),
            faults: Some(faults.clone()),
            ..Settings::default()
        };
        change(&mut settings);
        let clock = Arc::new(ManualClock::default());
        let event = EventService::open(settings, Arc::new(LiteralTokens), clock.clone()).unwrap();
        let running = event.listen("127.0.0.1:0").unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { event, clock, faults, running, http }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_unix_seconds()
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.running.address();
        self.http.request(method, format!("http://{address}{path}"))
    }

    /// A request of an account.
    pub(crate) fn by(&self, account: &str, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(account)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.by(SERVICE, Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.by(SERVICE, Method::POST, path)
    }

    pub(crate) fn patch(&self, path: &str) -> RequestBuilder {
        self.by(SERVICE, Method::PATCH, path)
    }

    /// The body of a request for a room that is open from now on.
    pub(crate) fn room(&self) -> Value {
        json!({
            "audience": AUDIENCE,
            "time": [self.now(), null],
            "classroom_id": CLASSROOM,
            "kind": "Webinar",
        })
    }

    /// The same with one member more, or another.
    pub(crate) fn room_with(&self, member: &str, value: Value) -> Value {
        let mut room = self.room();
        room[member] = value;
        room
    }

    /// A request for a room.
    pub(crate) fn open(&self) -> RequestBuilder {
        self.post("/api/v1/rooms").json(&self.room())
    }

    /// Opens a room and returns its path.
    pub(crate) async fn opened(&self, room: &Value) -> String {
        let response = self.post("/api/v1/rooms").json(room).send().await.unwrap();
        let room = json_of(response, 201).await;
        format!("/api/v1/rooms/{}", room["id"].as_str().unwrap())
    }

    pub(crate) async fn rooms(&self) -> usize {
        self.event.rooms().await.unwrap().len()
    }

    /// Returns once there are as many rooms as this.
    pub(crate) async fn until_rooms(&self, rooms: usize) {
        until(async || self.rooms().await == rooms).await;
    }
}

/// Returns once `condition` holds, which it is to do soon.
pub(crate) async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), holds)
        .await
        .expect("it should have happened by now");
}

/// Sends JSON as it is written here.
pub(crate) fn raw(request: RequestBuilder, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body)
}

/// The JSON of an answer with this status.
pub(crate) async fn json_of(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(content_type(&response), "application/json");
    response.json().await.unwrap()
}

/// Checks that a request is answered with this error of the API.
pub(crate) async fn assert_error(request: RequestBuilder, status: u16, kind: &str) {
    let error = json_of(request.send().await.unwrap(), status).await;
    assert_eq!(error["type"], kind);
    assert!(error["title"].is_string());
    assert!(error.get("status").is_none());
}

/// Checks that a request is refused in plain text.
pub(crate) async fn assert_plain_error(request: RequestBuilder, status: u16) {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    assert!(content_type(&response).starts_with("text/plain"));
}

fn content_type(response: &Response) -> &str {
    response.headers()[CONTENT_TYPE].to_str().unwrap()
}
