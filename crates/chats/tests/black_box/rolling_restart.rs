//! Instances are restarted one after the other behind a load balancer, and nobody notices.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chats_testkit::postgres::free_port;
use futures_util::future::join_all;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Balancer, Database, Deployment, Process, until};

const INSTANCES: usize = 2;
const ROUNDS: usize = 2;
const CLIENTS: usize = 4;

/// How many requests there are at least between two restarts.
const REQUESTS: usize = 40;

/// How long an instance goes on that is not ready any more. The load balancer looks ten times meanwhile, and needs
/// two.
const DELAY: (&str, &str) = ("CHATS_SHUTDOWN__DELAY", "2s");

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_and_no_chat_is_lost() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    deployment.kill();
    let backends: [_; INSTANCES] = std::array::from_fn(|_| Backend {
        api: format!("127.0.0.1:{}", free_port().unwrap()),
        admin: format!("127.0.0.1:{}", free_port().unwrap()),
    });
    let mut instances: Vec<_> = backends.iter().map(|it| start(&deployment, it)).collect();
    let balancer = Balancer::start(deployment.directory.path(), &backends);
    for number in 0..INSTANCES {
        until(async || balancer.has_up(number).await).await;
    }

    let load = Load::on(&balancer.url);
    let restarts = async {
        for number in (0..INSTANCES).cycle().take(INSTANCES * ROUNDS) {
            let before = load.answered();
            until(async || load.answered() >= before + REQUESTS).await;
            let instance = instances.remove(number);
            instance.signal("-TERM");
            until(async || !balancer.has_up(number).await).await;
            let ended = tokio::task::spawn_blocking(|| instance.wait()).await.unwrap();
            assert!(ended.success());
            instances.insert(number, start(&deployment, &backends[number]));
            until(async || balancer.has_up(number).await).await;
        }
        load.end();
    };
    let (chats, ()) = tokio::join!(load.run(), restarts);

    let clients = chats.iter().map(Vec::len).collect::<Vec<_>>();
    assert!(clients.iter().all(|chats| *chats > INSTANCES * ROUNDS), "{clients:?}");
    for chat in chats.iter().flatten() {
        assert_eq!(load.read(chat).await, *chat);
    }
    assert_eq!(deployment.rooms(None).await.len(), clients.iter().sum::<usize>());
}

fn start(deployment: &Deployment, backend: &Backend) -> Process {
    let mut command = deployment.command();
    command.args(["--http-listen", &backend.api, "--admin-listen", &backend.admin]);
    command.env(DELAY.0, DELAY.1).arg("serve");
    Process::start(&mut command, "tenants").0
}

/// Clients that create chats and read them, each over a connection that it keeps.
struct Load {
    url: String,
    token: String,
    http: Client,
    answered: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    fn on(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: Deployment::token("tutor-7.school.example.org"),
            http: Client::builder().no_proxy().build().unwrap(),
            answered: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Goes on until the end is asked for. Returns the chats that each client has made.
    async fn run(&self) -> Vec<Vec<Value>> {
        join_all((0..CLIENTS).map(|client| self.client(client))).await
    }

    async fn client(&self, client: usize) -> Vec<Value> {
        let mut chats = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let scope = format!("lesson-{client}-{}", chats.len());
            let body = json!({"audience": "school.example.org", "scope": scope});
            let create = self.http.post(format!("{}/api/v1/chats", self.url)).json(&body);
            let chat = self.answer(create).await.chat(201);
            assert_eq!(self.read(&chat).await, chat);
            chats.push(chat);
        }
        chats
    }

    /// Reads a chat, by its key and by its identifier.
    async fn read(&self, chat: &Value) -> Value {
        let [scope, id] = ["scope", "chat_id"].map(|name| chat[name].as_str().unwrap());
        let by_key = format!("{}/api/v1/audiences/school.example.org/chats/{scope}", self.url);
        let by_key = self.answer(self.http.get(by_key)).await.chat(200);
        let by_id = self.http.get(format!("{}/api/v1/chats/{id}", self.url));
        assert_eq!(self.answer(by_id).await.chat(200), by_key);
        by_key
    }

    /// Sends a request once. Whatever becomes of it counts.
    async fn answer(&self, request: RequestBuilder) -> Answer {
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        let answer = Answer::of(answer).await;
        self.answered.fetch_add(1, Ordering::Relaxed);
        answer
    }
}
