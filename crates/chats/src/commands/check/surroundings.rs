use std::collections::HashMap;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chats_access::{FetchError, Issuer, JwksContent};
use chats_domain::ports::EventRooms;
use chats_domain::values::EventRoomId;
use futures_util::future::join_all;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::Check;
use super::report::ok;
use crate::adapters::SystemClock;
use crate::database;
use crate::error_chain::chain;
use crate::event_service::{self, Location};
use crate::identity::OwnAccount;
use crate::issuers::Look;

/// How long looking up a name may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

impl Check<'_> {
    /// Looks at the keys of the issuers. Returns those that have one alone.
    pub(super) async fn keys(
        &mut self,
        looks: Vec<(String, Look)>,
        is_offline: bool,
    ) -> HashMap<String, Issuer> {
        let taken = join_all(looks.into_iter().map(async |(name, look)| match look {
            Look::One(issuer) => (name, Keys::One(issuer)),
            Look::Set(look) if is_offline && look.is_remote() => (name, Keys::NotLookedAt),
            Look::Set(look) => (name, Keys::Set(look.take().await)),
        }));
        let mut issuers = HashMap::new();
        for (name, keys) in taken.await {
            let subject = format!("issuers.{name}");
            match keys {
                Keys::One(issuer) => {
                    ok(&subject, "one key");
                    issuers.insert(name, issuer);
                }
                Keys::NotLookedAt => ok(&subject, "keys that are not looked at"),
                Keys::Set(Ok(content)) => self.set(&subject, &content),
                Keys::Set(Err(error)) => self.wrong(&format!("{subject}.jwks"), chain(&error)),
            }
        }
        issuers
    }

    fn set(&mut self, subject: &str, content: &JwksContent) {
        for key in &content.passed_over {
            self.report.warning(subject, key);
        }
        match content.keys {
            0 => self.wrong(&format!("{subject}.jwks"), "has no key that can be used".to_owned()),
            1 => ok(subject, "a set of one key"),
            count => ok(subject, &format!("a set of {count} keys")),
        }
    }

    pub(super) async fn database(&mut self) {
        if database::read(&self.loaded).is_err() {
            return;
        }
        match database::look(&self.loaded).await {
            Ok(says) => ok("database", &says),
            Err(error) => self.report.wrong(&error),
        }
    }

    pub(super) async fn replica(&mut self) {
        let Ok(Some(url)) = database::read_replica(&self.loaded) else {
            return;
        };
        match database::look_at_replica(&self.loaded, &url).await {
            Ok(says) => ok("replica", &says),
            Err(error) => self.report.wrong(&error),
        }
    }

    /// Asks for a room that nobody has: the answer tells whether the event service takes our tokens.
    pub(super) async fn event_service(&mut self) {
        let Ok(own) = OwnAccount::configured(&self.loaded) else {
            return;
        };
        let Ok(settings) = event_service::read(&self.loaded, own.as_ref()) else {
            return;
        };
        let Location::At(url) = settings.location.clone() else {
            return;
        };
        let Ok(client) = settings.client(url, Arc::new(SystemClock)) else {
            return;
        };
        match client.find(EventRoomId::from(Uuid::nil())).await {
            Ok(_) => ok("event", "the event service answers, and takes our tokens"),
            Err(error) => self.wrong("event.url", chain(&error)),
        }
    }

    pub(super) async fn hosts_of_tenants(&mut self) {
        let audiences = &self.loaded.config.audiences;
        let with_uri = audiences.iter().filter_map(|(audience, settings)| {
            let uri = settings.uri.as_ref()?.0.clone();
            Some((format!("audiences.{}.uri", audience.0), uri))
        });
        let looked_up = with_uri.map(async |(setting, uri)| (setting, look_up(uri).await));
        for (setting, found) in join_all(looked_up).await {
            match found {
                Ok(()) => ok(&setting, "the host is known"),
                Err(error) => {
                    self.wrong(&setting, format!("the host cannot be looked up: {error}"));
                }
            }
        }
    }
}

enum Keys {
    One(Issuer),
    Set(Result<JwksContent, FetchError>),
    NotLookedAt,
}

async fn look_up(uri: Url) -> Result<()> {
    let (host, port) = (uri.host_str().unwrap_or_default(), uri.port_or_known_default());
    // An address of version 6 stands in brackets.
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let looking = spawn_blocking(move || (host, port.unwrap_or(0)).to_socket_addrs().map(drop));
    Ok(timeout(LOOKUP_TIMEOUT, looking).await???)
}
