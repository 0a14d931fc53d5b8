use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chats_domain::ports::EventRoomsError::{self, Refused, Unavailable, Unknown};
use chats_domain::ports::{Cause, EventRoom, EventRooms, NewEventRoom};
use chats_domain::values::{ChatId, EventRoomId};
use opentelemetry::global;
use opentelemetry_http::HeaderInjector;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use tokio::runtime::Handle;
use url::Url;

use crate::answer::Answer;
use crate::error::{Failure, SetupError};
use crate::settings::{RoomKind, Settings};
use crate::wire::{BindRoom, OpenRoom, Room};

/// How long a connection may idle. Services commonly close theirs after five seconds, and a request
/// that meets the closing one has an unknown outcome.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

/// The event service, as a client sees it. One value serves all requests of a process.
///
/// It makes each call once: what a caller does not know, it repeats itself.
pub struct EventClient {
    http: Client,
    rooms_url: Url,
    room_kind: Option<RoomKind>,
    tokens: Option<Arc<dyn TokenSource>>,
    connections: Handle,
}

/// Where the client's bearer tokens come from.
pub trait TokenSource: Send + Sync {
    /// A token that the event service takes now. It is asked for each call, and must not block.
    ///
    /// Errors MUST NOT show keys.
    fn token(&self) -> Result<String, Cause>;
}

impl EventClient {
    /// A client with these settings. Without `tokens` it sends no `Authorization`.
    ///
    /// Its connections belong to the tokio runtime that this is called on, and live as long as that,
    /// whichever runtime calls come from.
    pub fn new(
        settings: &Settings,
        tokens: Option<Arc<dyn TokenSource>>,
    ) -> Result<Self, SetupError> {
        settings.check_timeouts()?;
        Ok(Self {
            rooms_url: settings.rooms_url()?,
            http: http_client(settings)?,
            room_kind: settings.room_kind,
            tokens,
            connections: Handle::try_current().map_err(SetupError::NoRuntime)?,
        })
    }

    fn room_url(&self, room: EventRoomId) -> String {
        format!("{}/{room}", self.rooms_url)
    }

    /// Sends a request and reads the room that is answered; `None` if the answer is that there is none.
    async fn call(&self, mut request: RequestBuilder) -> Result<Option<Room>, EventRoomsError> {
        if let Some(tokens) = &self.tokens {
            let token =
                tokens.token().map_err(|cause| Unavailable(Failure::NoToken(cause).into()))?;
            request = request.bearer_auth(token);
        }
        request = request.headers(trace_headers());
        // A connection is driven by the runtime that opened it. The caller's may end before another
        // call on that connection does.
        let answer = self.connections.spawn(exchange(request));
        answer.await.map_err(|error| Unknown(Failure::Dropped(error).into()))??.into_room()
    }
}

#[async_trait]
impl EventRooms for EventClient {
    async fn open(&self, room: &NewEventRoom) -> Result<EventRoomId, EventRoomsError> {
        let request = self
            .http
            .post(self.rooms_url.clone())
            .header("Idempotency-Key", room.chat.to_string())
            .json(&OpenRoom {
                audience: room.audience.as_str(),
                time: (room.opens_at.as_unix_seconds(), None),
                classroom_id: room.chat.as_uuid(),
                kind: self.room_kind.map(RoomKind::as_str),
            });
        let opened = self.call(request).await?.ok_or_else(not_found)?;
        if opened.classroom_id != Some(room.chat.as_uuid()) {
            return Err(another_room());
        }
        Ok(opened.id.into())
    }

    async fn find(&self, room: EventRoomId) -> Result<Option<EventRoom>, EventRoomsError> {
        let Some(found) = self.call(self.http.get(self.room_url(room))).await? else {
            return Ok(None);
        };
        if found.id != room.as_uuid() {
            return Err(another_room());
        }
        // An audience that breaks the rules is none that a chat can have: the room is a stranger's.
        Ok(found
            .audience
            .parse()
            .ok()
            .map(|audience| EventRoom { audience, bound_to: found.classroom_id.map(ChatId::from) }))
    }

    async fn bind(&self, room: EventRoomId, chat: ChatId) -> Result<(), EventRoomsError> {
        let request =
            self.http.patch(self.room_url(room)).json(&BindRoom { classroom_id: chat.as_uuid() });
        let bound = self.call(request).await?.ok_or_else(not_found)?;
        if bound.id != room.as_uuid() || bound.classroom_id != Some(chat.as_uuid()) {
            return Err(another_room());
        }
        Ok(())
    }
}

fn http_client(settings: &Settings) -> Result<Client, SetupError> {
    let extra_roots = settings.extra_root_certificates()?;
    let builder = Client::builder()
        .user_agent(concat!("chats/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .pool_idle_timeout(LONGEST_IDLE)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // Without this, `HTTP_PROXY` and the like would be heeded.
        .no_proxy();
    let builder = match settings.base_url.scheme() {
        // It needs no certificates, so that it works on systems that have none.
        "http" => builder.tls_certs_only([]),
        _ => builder.tls_certs_merge(extra_roots),
    };
    builder.build().map_err(|error| match settings.extra_roots {
        // With roots of our own it does not matter whether the system has any.
        Some(_) => SetupError::ExtraRoots,
        None => SetupError::HttpClient(error),
    })
}

/// What tells the event service of which trace a call is part (W3C Trace Context), if it is of one.
fn trace_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    global::get_text_map_propagator(|it| it.inject(&mut HeaderInjector(&mut headers)));
    headers
}

/// Sends a request and waits for the whole answer.
async fn exchange(request: RequestBuilder) -> Result<Answer, EventRoomsError> {
    match request.send().await {
        Ok(response) => Answer::read(response).await,
        // Both kinds end before a byte of the request is written: it could not be built, or there was
        // no connection to write it to. A connection that was there and broke is of neither kind.
        Err(error) if error.is_builder() || error.is_connect() => {
            Err(Unavailable(Failure::NotSent(error).into()))
        }
        Err(error) => Err(Unknown(Failure::NoAnswer(error).into())),
    }
}

fn not_found() -> EventRoomsError {
    Refused(Failure::RoomNotFound.into())
}

fn another_room() -> EventRoomsError {
    Unknown(Failure::AnotherRoom.into())
}
