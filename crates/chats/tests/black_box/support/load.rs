use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Deployment};

const CLIENTS: usize = 4;

/// Clients that create chats and read them, over connections that they keep.
pub(crate) struct Load {
    /// Where the instances are. They get the requests in turns.
    urls: Vec<String>,
    token: String,
    http: Client,
    answered: AtomicUsize,
    slowest: Mutex<Duration>,
    is_over: AtomicBool,
}

impl Load {
    pub(crate) fn on(urls: Vec<String>) -> Self {
        Self {
            urls,
            token: Deployment::token("tutor-7.school.example.org"),
            http: Client::builder().no_proxy().build().unwrap(),
            answered: AtomicUsize::new(0),
            slowest: Mutex::default(),
            is_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// How long the slowest request took until now.
    pub(crate) fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap()
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Goes on until the end is asked for. Returns the chats that each client has made.
    pub(crate) async fn run(&self) -> Vec<Vec<Value>> {
        join_all((0..CLIENTS).map(|client| self.client(client))).await
    }

    async fn client(&self, client: usize) -> Vec<Value> {
        let mut chats = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let scope = format!("lesson-{client}-{}", chats.len());
            let body = json!({"audience": "school.example.org", "scope": scope});
            let create = self.request(Method::POST, "/api/v1/chats").json(&body);
            let chat = self.answer(create).await.chat(201);
            assert_eq!(self.read(&chat).await, chat);
            chats.push(chat);
        }
        chats
    }

    /// Reads a chat, by its key and by its identifier.
    pub(crate) async fn read(&self, chat: &Value) -> Value {
        let [scope, id] = ["scope", "chat_id"].map(|name| chat[name].as_str().unwrap());
        let by_key = format!("/api/v1/audiences/school.example.org/chats/{scope}");
        let by_key = self.answer(self.request(Method::GET, &by_key)).await.chat(200);
        let by_id = self.request(Method::GET, &format!("/api/v1/chats/{id}"));
        assert_eq!(self.answer(by_id).await.chat(200), by_key);
        by_key
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = &self.urls[self.answered() % self.urls.len()];
        self.http.request(method, format!("{url}{path}")).bearer_auth(&self.token)
    }

    /// Sends a request once. Whatever becomes of it counts.
    async fn answer(&self, request: RequestBuilder) -> Answer {
        let start = Instant::now();
        let answer = Answer::of(request.send().await.unwrap()).await;
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = start.elapsed().max(*slowest);
        self.answered.fetch_add(1, Ordering::Relaxed);
        answer
    }
}
