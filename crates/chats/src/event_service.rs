//! The event service that chats stand on: another system, or the embedded one.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use chats_access::Issuers;
use chats_domain::ports::Clock;
use chats_event_client::{EventClient, RoomKind, Settings, SetupError, TokenSource};
use chats_event_embedded::{
    Audiences, EventService, Faults, IdempotencyKeys, Running, Settings as EmbeddedSettings,
    Storage,
};
use url::Url;

use crate::adapters::IdentityTokens;
use crate::cli::EventArgs;
use crate::config::{Config, ConfigError, Loaded};
use crate::identity::OwnAccount;
use crate::in_the_clear;
use crate::tenants::Tenants;

/// What the configuration says of the event service.
pub(crate) struct EventSettings<'a> {
    pub(crate) location: Location,
    room_kind: Option<RoomKind>,
    /// What `event.ca` holds.
    extra_roots: Option<Vec<u8>>,
    /// Who we are, if that is configured.
    own: Option<&'a OwnAccount>,
    loaded: &'a Loaded,
}

/// What `event.url` says.
#[derive(Clone)]
pub(crate) enum Location {
    Embedded,
    At(Url),
}

/// Reads what the configuration says of the event service, to which we are our `own` account.
///
/// What cannot be used is refused here, before anything is started.
pub(crate) fn read<'a>(
    loaded: &'a Loaded,
    own: Option<&'a OwnAccount>,
) -> Result<EventSettings<'a>> {
    let (location, room_kind) = (location(loaded)?, room_kind(loaded)?);
    if matches!(location, Location::Embedded) && room_kind.is_none() {
        let reason = "is 'none', but the embedded event service asks for a kind";
        return Err(loaded.error("event.room_kind", reason).into());
    }
    let ca = loaded.config.event.ca_file();
    let is_plain = match &location {
        Location::Embedded => true,
        Location::At(url) => url.scheme() == "http",
    };
    if ca.is_some() && is_plain {
        return Err(loaded.error("event.ca", "goes with https alone").into());
    }
    let extra_roots = ca.map(|file| loaded.read_file("event.ca", &file)).transpose()?;
    let settings = EventSettings { location, room_kind, extra_roots, own, loaded };
    let url = match settings.location.clone() {
        Location::At(url) => url,
        Location::Embedded => url_of(loaded.config.event.listen)?,
    };
    settings.client_with(None, url)?;
    Ok(settings)
}

impl EventSettings<'_> {
    /// A client of another system, which knows us by the configured identity.
    pub(crate) fn client(&self, url: Url, clock: Arc<dyn Clock>) -> Result<EventClient> {
        self.client_with(self.own.map(|own| own.tokens(clock)), url)
    }

    /// A client of the embedded event service that listens at `address`.
    pub(crate) fn client_of_embedded(
        &self,
        address: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<EventClient> {
        let own = OwnAccount::of_data_dir(self.loaded)?;
        self.client_with(Some(own.tokens(clock)), url_of(address)?)
    }

    fn client_with(&self, tokens: Option<IdentityTokens>, base_url: Url) -> Result<EventClient> {
        let event = &self.loaded.config.event;
        let settings = Settings {
            base_url,
            connect_timeout: event.connect_timeout,
            timeout: event.timeout,
            extra_roots: self.extra_roots.clone(),
            room_kind: self.room_kind,
        };
        let tokens = tokens.map(|tokens| Arc::new(tokens) as Arc<dyn TokenSource>);
        EventClient::new(&settings, tokens).map_err(|error| match error {
            SetupError::BaseUrl(_) => self.loaded.error("event.url", error).into(),
            SetupError::ExtraRoots => self.loaded.error("event.ca", error).into(),
            SetupError::Timeouts => self.loaded.error("event.connect_timeout", error).into(),
            error => anyhow::Error::new(error),
        })
    }

    /// Starts the embedded event service.
    ///
    /// It knows the callers that the API knows, and us by both of our accounts: so one configuration
    /// does for the two in one process, and in two.
    pub(crate) fn start_embedded(
        &self,
        tenants: &Tenants,
        options: &EventArgs,
        clock: Arc<dyn Clock>,
    ) -> Result<Running> {
        let mut issuers = tenants.issuers.clone();
        let mut service_accounts = BTreeSet::new();
        for own in [Some(&OwnAccount::of_data_dir(self.loaded)?), self.own] {
            let Some(own) = own else { continue };
            issuers.entry(own.issuer.clone()).or_insert(own.as_issuer()?);
            service_accounts.insert(own.account.clone());
        }
        let settings = EmbeddedSettings {
            storage: if options.in_memory {
                Storage::Memory
            } else {
                Storage::File(self.loaded.config.data_dir().join("event.sqlite"))
            },
            audiences: Audiences::Only(tenants.policies.keys().cloned().collect()),
            service_accounts,
            idempotency_keys: if options.ignore_idempotency_keys {
                IdempotencyKeys::Ignored
            } else {
                IdempotencyKeys::Honoured
            },
            faults: options.faults.then(Faults::default),
        };
        let authenticator = Arc::new(Issuers::new(issuers, Arc::clone(&clock)));
        let service = EventService::open(settings, authenticator, clock)
            .context("cannot open the data of the embedded event service")?;
        let address = self.loaded.config.event.listen;
        service
            .listen(address)
            .map_err(|error| self.loaded.cannot_listen("event.listen", address, &error).into())
    }
}

/// Whether it is on another machine.
pub(crate) fn is_remote(config: &Config) -> bool {
    Url::parse(&config.event.url).is_ok_and(|url| in_the_clear::is_of_another_machine(&url))
}

fn url_of(address: SocketAddr) -> Result<Url> {
    Ok(Url::parse(&format!("http://{address}"))?)
}

fn location(loaded: &Loaded) -> Result<Location, ConfigError> {
    match loaded.config.event.url.as_str() {
        "embedded" => Ok(Location::Embedded),
        url => Url::parse(url).map(Location::At).map_err(|error| {
            loaded.error("event.url", format!("is neither 'embedded' nor a URL: {error}"))
        }),
    }
}

fn room_kind(loaded: &Loaded) -> Result<Option<RoomKind>, ConfigError> {
    match loaded.config.event.room_kind.as_str() {
        "none" => Ok(None),
        kind => {
            let kind: Result<RoomKind, _> = kind.parse();
            kind.map(Some).map_err(|error| loaded.error("event.room_kind", error))
        }
    }
}
