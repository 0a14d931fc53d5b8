use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use chats_domain::values::Account;

use super::token;
use crate::config::Loaded;
use crate::{development, version};

/// How long the token in the commands is good.
const TOKEN_LIFETIME: Duration = Duration::from_hours(12);

/// What the process says once it serves.
pub(super) struct Banner<'a> {
    pub(super) scheme: &'static str,
    pub(super) address: SocketAddr,
    /// Where operators ask.
    pub(super) admin: SocketAddr,
    pub(super) database: String,
    /// The address of the embedded event service, if it is that one.
    pub(super) embedded: Option<SocketAddr>,
    pub(super) is_for_development: bool,
    pub(super) loaded: &'a Loaded,
}

impl Banner<'_> {
    /// What the service runs on; in development also commands to paste.
    pub(super) fn text(&self) -> Result<String> {
        let config = &self.loaded.config;
        let event_service = match self.embedded {
            Some(address) => format!("embedded, http://{address}"),
            None => config.event.url.clone(),
        };
        let tenants = if self.is_for_development {
            format!("{}, open to the accounts of the development issuer", development::AUDIENCE)
        } else {
            format!(
                "as configured (audiences: {}, issuers: {})",
                config.audiences.len(),
                config.issuers.len()
            )
        };
        let mut text = format!(
            "chats {version} ({commit}) is ready at {scheme}://{address}\n\
             \n  database       {database}\
             \n  event service  {event_service}\
             \n  operators      http://{admin} (/readyz, /metrics)\
             \n  tenants        {tenants}",
            version = version::VERSION,
            commit = version::COMMIT,
            scheme = self.scheme,
            address = self.address,
            admin = self.admin,
            database = self.database,
        );
        if config.http.docs {
            let docs = format!("\n  try it at      {}://{}/docs/", self.scheme, self.address);
            text.push_str(&docs);
            if self.is_for_development {
                text.push_str("   (Authorize with the token below)");
            }
        }
        if let (true, Some(event)) = (self.is_for_development, self.embedded) {
            text.push_str(&self.commands(event)?);
        }
        Ok(text)
    }

    fn commands(&self, event: SocketAddr) -> Result<String> {
        let key = development::key(&self.loaded.config.data_dir())?;
        let audience = development::AUDIENCE;
        let account: Account = format!("tutor.{audience}").parse()?;
        let token = token::sign(&key, &account, TOKEN_LIFETIME)?;
        let chats = format!("{}://{}/api/v1", self.scheme, self.address);
        let event = format!("http://{event}/api/v1");
        Ok(format!(
            r#"

Paste these into a second terminal. They set a token that is good for twelve hours, create a chat, and read it:

  TOKEN={token}
  post() {{ curl -sS "$1" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "$2"; echo; }}
  get() {{ curl -sS "$1" -H "Authorization: Bearer $TOKEN"; echo; }}

  post {chats}/chats '{{"audience": "{audience}", "scope": "lesson-42", "tags": {{"grade": 7}}}}'
  get {chats}/audiences/{audience}/chats/lesson-42

These open a room in the event service, and convert it to a chat:

  ROOM=$(post {event}/rooms '{{"audience": "{audience}", "time": ['$(date +%s)', null], "classroom_id": "{nil}", "kind": "Webinar"}}' | cut -d '"' -f 4)
  post {chats}/chats/convert '{{"audience": "{audience}", "scope": "room-'$ROOM'", "event_room_id": "'$ROOM'"}}'
  post {event}/rooms/$ROOM/events '{{"type": "message", "data": {{"text": "Hello"}}}}'

Ctrl-C ends it; the data stays in {data}."#,
            nil = uuid::Uuid::nil(),
            data = self.loaded.config.data_dir().display(),
        ))
    }
}
