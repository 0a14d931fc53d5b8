//! What is asked of the service when all trouble is over.

use anyhow::Result;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::checks::{Promise, Rule, Violation};
use super::clients::Http;
use super::record::{Answer, Ask, Post};
use crate::deployment::{Deployment, EventService, OUR_AUDIENCE, OUR_TUTOR, token};

/// How many requests are sent at once.
const REQUESTS_AT_ONCE: usize = 16;

/// Asks the instances once everything runs and nothing is opening any more.
pub(super) struct Aftermath {
    http: Http,
    token: String,
    /// Where each instance answers.
    instances: Vec<String>,
    event_service: EventService,
}

impl Aftermath {
    pub(super) fn of(deployment: &Deployment) -> Result<Self> {
        let instances = deployment.addresses().running();
        Ok(Self {
            http: Http::new()?,
            token: token(OUR_TUTOR)?,
            instances: instances.into_iter().map(|(_, url)| url).collect(),
            event_service: deployment.event_service().clone(),
        })
    }

    /// Reads each promised chat by both of its keys on every instance, and repeats once the POST that it
    /// was promised to. Returns how often it was read, and which promises are broken.
    pub(super) async fn hold_to(&self, promises: &[Promise]) -> (usize, Vec<Violation>) {
        let mut asks = Vec::new();
        for promise in promises {
            let chat = &promise.chat;
            for url in &self.instances {
                asks.push((promise, url, Ask::ReadById(chat.chat_id)));
                asks.push((promise, url, Ask::ReadByScope(chat.scope.clone())));
            }
        }
        let reads = asks.len();
        let anywhere = self.instances.iter().cycle();
        for (promise, url) in promises.iter().zip(anywhere) {
            asks.push((promise, url, Ask::Post(promise.post.clone())));
        }
        let broken = stream::iter(asks)
            .map(async |(promise, url, ask)| promise.is_broken_by(&self.ask(url, &ask).await))
            .buffer_unordered(REQUESTS_AT_ONCE)
            .filter_map(async |violation| violation);
        (reads, broken.collect().await)
    }

    /// Makes a chat of each sort on every instance: which of them it does not make.
    pub(super) async fn make_new_chats(&self) -> Result<Vec<Violation>> {
        let mut violations = Vec::new();
        for (instance, url) in (1..).zip(&self.instances) {
            let room =
                self.event_service.open_room(&self.token, OUR_AUDIENCE, Uuid::new_v4()).await?;
            for (sort, room) in [("created", None), ("converted", Some(room))] {
                let scope = format!("{sort}-in-the-end-{instance}");
                let post = Post { scope, tags: None, room };
                let answer = self.ask(url, &Ask::Post(post.clone())).await;
                violations.extend(unless_made(&post, &answer));
            }
        }
        Ok(violations)
    }

    async fn ask(&self, url: &str, ask: &Ask) -> Answer {
        self.http.ask(url, &self.token, ask).await
    }
}

fn unless_made(post: &Post, answer: &Answer) -> Option<Violation> {
    match answer {
        Answer::Chat { status: 201, chat } if chat.is_what_was_asked(post) => None,
        other => {
            let what = format!("POST {} {} in the end: {other:?}", post.path(), post.body());
            Some(Violation::of(Rule::Usability, &post.scope, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::sample::{acknowledged, chat, post, problem};
    use super::*;
    use crate::crash::record::Chat;

    #[test]
    fn in_the_end_a_new_chat_is_made_as_it_was_asked_for() {
        let is_made = |answer: &Answer| unless_made(&post("a"), answer).is_none();
        assert!(is_made(&acknowledged(201, chat(1, "a"))));
        for answer in [
            acknowledged(200, chat(1, "a")),
            acknowledged(201, Chat { tags: None, ..chat(1, "a") }),
            problem(503, "event_service_unavailable"),
            Answer::TimedOut,
        ] {
            assert!(!is_made(&answer), "{answer:?}");
        }
    }
}
