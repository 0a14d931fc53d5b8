use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::deployment::{OUR_AUDIENCE, OUR_TUTOR, token};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many chats are created at once, before anything is measured.
const CREATES_AT_ONCE: usize = 16;

/// The service as its clients see it, and chats that they read.
pub(crate) struct Service {
    /// Those who read have connections of their own, which no create keeps busy.
    readers: Client,
    creators: Client,
    url: String,
    token: String,
    chats: Vec<Uuid>,
}

/// How a create was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `None` if there was no answer.
    pub(crate) status: Option<u16>,
    /// Whether there was a `Retry-After`.
    pub(crate) says_when_to_retry: bool,
}

#[derive(Deserialize)]
struct Chat {
    chat_id: Uuid,
}

impl Service {
    /// The service at `url`, with this many chats created.
    pub(crate) async fn with_chats(url: String, chats: usize) -> Result<Self> {
        let (readers, creators) = (client()?, client()?);
        let mut service = Self { readers, creators, url, token: token(OUR_TUTOR)?, chats: vec![] };
        let ids = stream::iter(0..chats)
            .map(|number| service.create_to_read(number))
            .buffer_unordered(CREATES_AT_ONCE)
            .try_collect();
        service.chats = ids.await?;
        Ok(service)
    }

    /// How many chats there are to read.
    pub(crate) fn chats(&self) -> usize {
        self.chats.len()
    }

    /// Reads one of the chats. Returns whether it was there.
    pub(crate) async fn read(&self, number: usize) -> bool {
        let url = format!("{}/api/v1/chats/{}", self.url, self.chats[number]);
        let exchange = async {
            let response = self.readers.get(url).bearer_auth(&self.token).send().await?;
            Ok::<_, reqwest::Error>((response.status().as_u16(), response.bytes().await?))
        };
        matches!(exchange.await, Ok((200, _)))
    }

    pub(crate) async fn create(&self, scope: &str) -> Answer {
        let exchange = async {
            let response = self.post(scope).await?;
            let says_when_to_retry = response.headers().contains_key("retry-after");
            let status = Some(response.status().as_u16());
            response.bytes().await?;
            Ok::<_, reqwest::Error>(Answer { status, says_when_to_retry })
        };
        exchange.await.unwrap_or(Answer { status: None, says_when_to_retry: false })
    }

    async fn create_to_read(&self, number: usize) -> Result<Uuid> {
        let response = self.post(&format!("read-{number}")).await?.error_for_status();
        let chat: Chat = response.context("a chat to be read cannot be created")?.json().await?;
        Ok(chat.chat_id)
    }

    async fn post(&self, scope: &str) -> reqwest::Result<Response> {
        let url = format!("{}/api/v1/chats", self.url);
        let chat = json!({"audience": OUR_AUDIENCE, "scope": scope, "tags": {"grade": 7}});
        self.creators.post(url).bearer_auth(&self.token).json(&chat).send().await
    }
}

fn client() -> reqwest::Result<Client> {
    Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .retry(reqwest::retry::never())
        .timeout(PATIENCE)
        .build()
}
