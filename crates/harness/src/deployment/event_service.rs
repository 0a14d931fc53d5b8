use std::time::Duration;

use anyhow::{Result, bail};
use chats_testkit::postgres::free_port;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Longer than a fault delays a call.
const TIMEOUT: Duration = Duration::from_secs(5);
/// There may be many rooms.
const LISTING_TIMEOUT: Duration = Duration::from_mins(1);

/// The event service, as those see it who may look into it. A clone is the same one.
#[derive(Clone)]
pub(crate) struct EventService {
    url: String,
    port: u16,
    http: Client,
}

/// What the event service does with `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdempotencyKeys {
    /// A repeat leads to the same room.
    Honoured,
    /// Each request opens a room of its own, as with older event services.
    Ignored,
}

/// A room of the event service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Room {
    pub(crate) id: Uuid,
    pub(crate) audience: String,
    pub(crate) classroom_id: Uuid,
}

impl IdempotencyKeys {
    pub(crate) fn are_honoured(self) -> bool {
        self == Self::Honoured
    }
}

impl EventService {
    /// One that is yet to be started, always at the same port: the instances are told it once.
    pub(super) fn at_a_free_port() -> Result<Self> {
        let port = free_port()?;
        let http = Client::builder().no_proxy().tls_certs_only([]).timeout(TIMEOUT).build()?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), port, http })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Has these faults strike, in this order, and no others.
    pub(crate) async fn set_faults(&self, faults: &[Value]) -> Result<()> {
        let url = format!("{}/test/faults", self.url);
        self.http.delete(&url).send().await?.error_for_status()?;
        for fault in faults {
            self.http.post(&url).json(fault).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// All rooms.
    pub(crate) async fn rooms(&self) -> Result<Vec<Room>> {
        let url = format!("{}/test/rooms", self.url);
        let request = self.http.get(url).timeout(LISTING_TIMEOUT);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Opens a room as another service of the platform would, for a class of its own.
    ///
    /// After an error the room may be there all the same.
    pub(crate) async fn open_room(
        &self,
        token: &str,
        audience: &str,
        classroom_id: Uuid,
    ) -> Result<Uuid> {
        let room = json!({
            "audience": audience,
            "time": [1_732_281_600, null],
            "classroom_id": classroom_id,
            "kind": "Webinar",
        });
        let request = self.http.post(format!("{}/api/v1/rooms", self.url));
        let answer = request.bearer_auth(token).json(&room).send().await?.error_for_status()?;
        let room: Room = answer.json().await?;
        if room.classroom_id != classroom_id {
            bail!("the event service opened another room");
        }
        Ok(room.id)
    }
}
