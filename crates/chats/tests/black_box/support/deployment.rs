use std::fs::{self, File};
use std::io::PipeReader;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, Signer, SigningKey};
use chats_testkit::memory::SystemClock;
use chats_testkit::postgres;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Process, chats, under_limit, write_secret};

const ISSUER_SECRET: &str = "the secret of the issuer, for tests alone";
const IDENTITY_SECRET: &str = "the secret of our identity, for tests alone";

const CONFIGURATION: &str = r#"
data_dir = "data"
[http]
listen = "127.0.0.1:0"
deadline = "8s"
[event]
listen = "127.0.0.1:0"
connect_timeout = "500ms"
timeout = "2s"
[recovery]
lease = "2500ms"
# Chats that are opening stay so, for the tests that look at them.
interval = "1h"
[identity]
account = "chats.svc.example.org"
issuer = "svc.example.org"
algorithm = "HS256"
key = "identity.key"
[issuers."iam.example.org"]
audiences = ["school.example.org", "other.example.org", "listed.example.org", "stranger.example.org", "asked.example.org"]
algorithm = "HS256"
key = "issuer.key"
[audiences."school.example.org"]
policy = "local"
trusted = ["tutor-7.school.example.org"]
[audiences."other.example.org"]
policy = "local"
trusted = ["tutor-8.other.example.org"]
[audiences."open.example.org"]
policy = "none"
[audiences."listed.example.org"]
policy = "localwhitelist"
records = [
    { account = "tutor-7.school.example.org", object = ["classrooms"], action = "create" },
    { account = "tutor-7.school.example.org", object = ["classrooms", "*"], action = "read" },
    { account = "tutor-8.other.example.org", object = ["classrooms"], action = "create" },
]
"#;

/// How often a request tries to open a chat, while it does not hear what became of it.
pub(crate) const TRIES: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    PostgreSql,
}

/// A service with a database and an event service of its own.
pub(crate) struct Deployment {
    pub(crate) directory: TempDir,
    pub(crate) url: String,
    /// Where operators ask.
    pub(crate) admin_url: String,
    pub(crate) event_url: String,
    pub(crate) database_url: Option<String>,
    service: Option<Process>,
    event_service: Option<Process>,
    http: Client,
}

impl Deployment {
    pub(crate) async fn on(database: Database) -> Self {
        Self::with(database, "").await
    }

    /// A deployment with these sections in its configuration, beside those of all.
    pub(crate) async fn with(database: Database, sections: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| fs::write(directory.path().join(name), content);
        file("chats.toml", &format!("{CONFIGURATION}{sections}")).unwrap();
        write_secret(directory.path().join("issuer.key"), ISSUER_SECRET);
        write_secret(directory.path().join("identity.key"), IDENTITY_SECRET);
        let database_url = match database {
            Database::Sqlite => None,
            Database::PostgreSql => Some(postgres::database().await.unwrap()),
        };
        let mut deployment = Self {
            directory,
            url: String::new(),
            admin_url: String::new(),
            event_url: String::new(),
            database_url,
            service: None,
            event_service: None,
            http: Client::builder().no_proxy().build().unwrap(),
        };
        deployment.start_event_service("127.0.0.1:0");
        deployment.start();
        deployment
    }

    /// Starts the service, which was not running.
    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts the service, which was not running, with these variables in its environment.
    pub(crate) fn start_with(&mut self, variables: &[(&str, &str)]) {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        let (service, said) = Process::start(command.arg("serve"), "tenants");
        self.is_ready(service, &said);
    }

    /// Starts the service, which was not running, and logs what `filter` lets through. Returns the log.
    pub(crate) fn start_with_log(&mut self, filter: &str) -> PathBuf {
        let mut command = self.command();
        command.env("CHATS_LOG__FILTER", filter).arg("serve");
        self.start_logged(command)
    }

    /// Starts the service, which was not running. Returns the log, which is as it is configured.
    pub(crate) fn start_with_its_log(&mut self) -> PathBuf {
        let mut command = self.command();
        command.arg("serve");
        self.start_logged(command)
    }

    /// Starts the service, which was not running, with its log in a pipe. Returns the end that is to be read.
    pub(crate) fn start_with_its_log_in_a_pipe(&mut self) -> PipeReader {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = self.command();
        command.arg("serve").stderr(writer);
        let (service, said) = Process::start(&mut command, "tenants");
        self.url = url_after("is ready at ", &said);
        self.service = Some(service);
        reader
    }

    /// Starts the service, which was not running, under what `ulimit` makes of these arguments, and with
    /// these variables in its environment. Returns the log.
    pub(crate) fn start_under_limit(
        &mut self,
        arguments: &str,
        variables: &[(&str, &str)],
    ) -> PathBuf {
        let mut command = self.command();
        command.envs(variables.iter().copied()).arg("serve");
        self.start_logged(under_limit(arguments, &command))
    }

    fn start_logged(&mut self, mut command: Command) -> PathBuf {
        let log = self.directory.path().join("chats.log");
        command.stderr(File::create(&log).unwrap());
        let (service, said) = Process::start(&mut command, "tenants");
        self.is_ready(service, &said);
        log
    }

    fn is_ready(&mut self, service: Process, said: &str) {
        self.url = url_after("is ready at ", said);
        self.admin_url = url_after("operators ", said);
        self.service = Some(service);
    }

    /// Ends the service as a crash would.
    pub(crate) fn kill(&mut self) {
        self.service = None;
    }

    /// Sends a signal to the service, such as `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        self.service.as_ref().unwrap().signal(signal);
    }

    /// Ends the service as an operator does. Returns whether it ended well.
    pub(crate) fn terminate(&mut self) -> bool {
        self.service.take().unwrap().terminate().status.success()
    }

    /// The process of the service, which the test ends.
    pub(crate) fn take_service(&mut self) -> Process {
        self.service.take().unwrap()
    }

    /// Asks as an operator.
    pub(crate) async fn ask(&self, path: &str) -> Answer {
        Answer::of(self.http.get(format!("{}{path}", self.admin_url)).send().await.unwrap()).await
    }

    /// Ends the event service as a crash would.
    pub(crate) fn kill_event_service(&mut self) {
        self.event_service = None;
    }

    /// The binary with this deployment's configuration.
    pub(crate) fn command(&self) -> Command {
        let mut command = chats(self.directory.path());
        command.args(["--event-url", &self.event_url]);
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command
    }

    fn start_event_service(&mut self, address: &str) {
        let mut command = chats(self.directory.path());
        command.args(["event", "--faults", "--event-listen", address]);
        let (service, said) = Process::start(&mut command, "The event service is ready");
        self.event_url = url_after("is ready at ", &said);
        self.event_service = Some(service);
    }

    /// A token of the tests' issuer.
    pub(crate) fn token(account: &str) -> String {
        Self::token_for(account, Duration::from_mins(10))
    }

    pub(crate) fn token_for(account: &str, lifetime: Duration) -> String {
        sign("iam.example.org", ISSUER_SECRET, account, lifetime)
    }

    /// A token that the service could have signed itself.
    pub(crate) fn own_token(account: &str) -> String {
        sign("svc.example.org", IDENTITY_SECRET, account, Duration::from_mins(10))
    }

    /// A request to the service, without a token.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request of the tutor who may do everything in `school.example.org`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(Self::token("tutor-7.school.example.org"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// Posts a body as it is.
    pub(crate) async fn post_text(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Answer::of(request.body(body).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, body.to_string()).await
    }

    pub(crate) async fn create(&self, scope: &str, tags: Option<Value>) -> Answer {
        let mut body = json!({"audience": "school.example.org", "scope": scope});
        if let Some(tags) = tags {
            body["tags"] = tags;
        }
        self.post("/api/v1/chats", &body).await
    }

    pub(crate) async fn convert(&self, scope: &str, room: &str) -> Answer {
        let body = json!({"audience": "school.example.org", "scope": scope, "event_room_id": room});
        self.post("/api/v1/chats/convert", &body).await
    }

    pub(crate) async fn read_by_scope(&self, scope: &str) -> Answer {
        self.get(&format!("/api/v1/audiences/school.example.org/chats/{scope}")).await
    }

    /// Opens a room as another service of the platform would, and returns its identifier.
    pub(crate) async fn open_room(&self, account: &str) -> String {
        let audience = account.split_once('.').unwrap().1;
        let room = json!({
            "audience": audience,
            "time": [1_732_281_600, null],
            "classroom_id": "01000000-0000-4000-8000-000000000001",
            "kind": "Webinar",
        });
        let request = self.http.post(format!("{}/api/v1/rooms", self.event_url));
        let response = request.bearer_auth(Self::token(account)).json(&room).send().await.unwrap();
        Answer::of(response).await.json()["id"].as_str().unwrap().to_owned()
    }

    /// All rooms of the event service, or those that carry this chat.
    pub(crate) async fn rooms(&self, classroom_id: Option<&str>) -> Vec<Value> {
        let query = classroom_id.map_or(String::new(), |id| format!("?classroom_id={id}"));
        let url = format!("{}/test/rooms{query}", self.event_url);
        let rooms = Answer::of(self.http.get(url).send().await.unwrap()).await;
        rooms.json().as_array().unwrap().clone()
    }

    /// Makes the event service misbehave in this way alone.
    pub(crate) async fn fault(&self, fault: &Value) {
        self.switch_faults(Method::PUT, Some(fault)).await;
    }

    /// Makes the event service misbehave in this way, too, after the others.
    pub(crate) async fn add_fault(&self, fault: &Value) {
        self.switch_faults(Method::POST, Some(fault)).await;
    }

    /// Makes the event service behave.
    pub(crate) async fn lift_faults(&self) {
        self.switch_faults(Method::DELETE, None).await;
    }

    async fn switch_faults(&self, method: Method, fault: Option<&Value>) {
        let mut request = self.http.request(method, format!("{}/test/faults", self.event_url));
        if let Some(fault) = fault {
            request = request.json(fault);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert!(answer.status < 300, "{}", answer.text);
    }
}

fn sign(issuer: &str, secret: &str, account: &str, lifetime: Duration) -> String {
    let key = SigningKey::parse(Algorithm::Hs256, secret.as_bytes()).unwrap();
    let signer = Signer::new(issuer.to_owned(), key, Arc::new(SystemClock));
    signer.sign(&account.parse().unwrap(), lifetime).unwrap()
}

pub(crate) fn url_after(words: &str, said: &str) -> String {
    let (_, rest) = said.split_once(words).unwrap_or_else(|| panic!("no {words:?} in: {said}"));
    rest.split_whitespace().next().unwrap().to_owned()
}
