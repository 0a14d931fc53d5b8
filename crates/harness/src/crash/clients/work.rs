//! What a client does, by dice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::{Client, any_uuid, lock};
use crate::crash::record::{Answer, Ask, Expected, Kind, Post, Record, Span};
use crate::deployment::OUR_AUDIENCE;

/// One request to be sent.
struct Request {
    kind: Kind,
    ask: Ask,
    expected: Expected,
}

impl Client {
    /// Does one piece of work.
    pub(super) async fn work(&mut self) {
        match self.dice.u32(0..100) {
            0..20 => self.create().await,
            20..32 => self.race_to_create().await,
            32..38 => self.race_with_others().await,
            38..46 => self.convert().await,
            46..52 => self.race_to_convert().await,
            52..58 => self.race_for_a_room().await,
            58..66 => self.repeat().await,
            66..74 => self.repeat_what_is_unsettled().await,
            74..79 => self.repeat_with_other_tags().await,
            79..82 => self.convert_a_taken_room().await,
            82..85 => self.convert_a_strange_room().await,
            _ => self.read().await,
        }
    }

    async fn create(&mut self) {
        let post = self.new_chat();
        self.send(Kind::Create, post, Expected::Anything).await;
    }

    /// Several want the same chat.
    async fn race_to_create(&mut self) {
        let post = self.new_chat();
        self.race(Kind::CreateRace, |_| post.clone()).await;
    }

    /// Several want the same key, but not the same chat.
    async fn race_with_others(&mut self) {
        let Post { scope, .. } = self.new_chat();
        let room = if self.dice.bool() { self.open_room().await } else { None };
        self.race(Kind::CreateRace, |n| Post {
            scope: scope.clone(),
            tags: Some(json!({"rival": n % 2})),
            room: room.filter(|_| n % 3 == 2),
        })
        .await;
    }

    async fn convert(&mut self) {
        let Some(room) = self.open_room().await else { return };
        let post = Post { room: Some(room), ..self.new_chat() };
        self.send(Kind::Convert, post, Expected::Anything).await;
    }

    /// Several want the same chat of the same room.
    async fn race_to_convert(&mut self) {
        let Some(room) = self.open_room().await else { return };
        let post = Post { room: Some(room), ..self.new_chat() };
        self.race(Kind::ConvertRace, |_| post.clone()).await;
    }

    /// Two chats want the same room.
    async fn race_for_a_room(&mut self) {
        let Some(room) = self.open_room().await else { return };
        let posts = [self.new_chat(), self.new_chat()];
        self.race(Kind::RoomRace, |n| Post { room: Some(room), ..posts[n % 2].clone() }).await;
    }

    async fn repeat(&mut self) {
        let known = lock(&self.shared.known).any_acknowledged(&mut self.dice);
        let Some((post, chat)) = known else { return };
        self.send(Kind::Repeat, post, Expected::Same(chat)).await;
    }

    async fn repeat_what_is_unsettled(&mut self) {
        let known = lock(&self.shared.known).any_unsettled(&mut self.dice);
        let Some(post) = known else { return };
        self.send(Kind::Repeat, post, Expected::Anything).await;
    }

    async fn repeat_with_other_tags(&mut self) {
        let known = lock(&self.shared.known).any_acknowledged(&mut self.dice);
        let Some((post, chat)) = known else { return };
        let post = Post { tags: Some(json!({"other": self.dice.u32(..)})), ..post };
        self.send(Kind::OtherTags, post, Expected::Conflict(chat.chat_id)).await;
    }

    async fn convert_a_taken_room(&mut self) {
        let known = lock(&self.shared.known).any_acknowledged(&mut self.dice);
        let Some((_, chat)) = known else { return };
        let post = Post { room: chat.room(), ..self.new_chat() };
        self.send(Kind::TakenRoom, post, Expected::Anything).await;
    }

    /// A room of another tenant, or none at all.
    async fn convert_a_strange_room(&mut self) {
        let known = lock(&self.shared.known).any_strange_room(&mut self.dice);
        let room = known.filter(|_| self.dice.u32(0..4) > 0);
        let room = room.unwrap_or_else(|| any_uuid(&mut self.dice));
        let post = Post { room: Some(room), ..self.new_chat() };
        self.send(Kind::StrangeRoom, post, Expected::Anything).await;
    }

    async fn read(&mut self) {
        let known = lock(&self.shared.known).any_acknowledged(&mut self.dice);
        let Some((post, chat)) = known else { return };
        let by_id = self.dice.bool();
        let ask = if by_id { Ask::ReadById(chat.chat_id) } else { Ask::ReadByScope(post.scope) };
        let expected = Expected::Same(chat);
        self.send_all(vec![Request { kind: Kind::Read, ask, expected }]).await;
    }

    /// Sends two to five requests at once, to whichever instances.
    async fn race(&mut self, kind: Kind, post: impl Fn(usize) -> Post) {
        let requests = (0..self.dice.usize(2..=5)).map(|n| Request {
            kind,
            ask: Ask::Post(post(n)),
            expected: Expected::Anything,
        });
        self.send_all(requests.collect()).await;
    }

    async fn send(&mut self, kind: Kind, post: Post, expected: Expected) {
        self.send_all(vec![Request { kind, ask: Ask::Post(post), expected }]).await;
    }

    /// Sends requests at once, and notes what came of them.
    async fn send_all(&mut self, requests: Vec<Request>) {
        let mut sent = Vec::new();
        for request in requests {
            let from = self.shared.timeline.now();
            let Some(address) = self.shared.addresses.any(&mut self.dice) else { continue };
            // Now and then a client does not wait for its answer.
            let leaves_after =
                (self.dice.u32(0..40) == 0).then(|| Duration::from_millis(self.dice.u64(1..60)));
            sent.push(exchange(self, request, address, from, leaves_after));
        }
        let records = join_all(sent).await;
        let mut known = lock(&self.shared.known);
        for record in &records {
            known.learn(&record.ask, &record.answer, &mut self.dice);
        }
        drop(known);
        lock(&self.shared.records).extend(records);
    }

    /// A chat of a new key.
    fn new_chat(&mut self) -> Post {
        self.scopes += 1;
        let scope = format!("chat-{}-{}", self.number, self.scopes);
        Post { scope, tags: self.any_tags(), room: None }
    }

    fn any_tags(&mut self) -> Option<Value> {
        self.dice.bool().then(|| json!({"grade": self.dice.u32(1..12), "subject": "chemistry"}))
    }

    /// Opens a room of our audience, as another service would; `None` if it is not told.
    async fn open_room(&mut self) -> Option<Uuid> {
        let classroom_id = any_uuid(&mut self.dice);
        lock(&self.shared.known).add_room(classroom_id);
        let Self { shared, .. } = self;
        let opened = shared.event_service.open_room(&shared.token, OUR_AUDIENCE, classroom_id);
        let id = opened.await.ok()?;
        lock(&shared.known).room_is_open(classroom_id, id);
        Some(id)
    }
}

/// Sends one request.
fn exchange(
    client: &Client,
    request: Request,
    (instance, url): (usize, String),
    from: Duration,
    leaves_after: Option<Duration>,
) -> impl Future<Output = Record> + use<> {
    let shared = Arc::clone(&client.shared);
    async move {
        let Request { kind, ask, expected } = request;
        let answer = Box::pin(shared.http.ask(&url, &shared.token, &ask));
        let answer = match leaves_after {
            None => answer.await,
            Some(leaves_after) => match select(answer, Box::pin(sleep(leaves_after))).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Answer::Left,
            },
        };
        let span = Span { from, until: shared.timeline.now() };
        Record { kind, instance, ask, expected, span, answer }
    }
}
