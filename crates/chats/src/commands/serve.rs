use std::future::pending;
use std::io;
use std::net::TcpListener;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chats_access::{Issuers, Policies, TokenCache};
use chats_cache::CachedStore;
use chats_domain::ports::{Authenticator, ChatStore, Clock, EventRooms};
use chats_domain::use_cases::{Chats, Ports};
use chats_event_embedded::Running;
use chats_http::Api;
use chats_store::DieselStore;

use super::banner::Banner;
use super::shutdown::Shutdown;
use crate::adapters::{SystemClock, Uuid7, WatchedRooms};
use crate::cli::EventArgs;
use crate::config::{self, ConfigError, Flags, Loaded};
use crate::event_service::{self, EventSettings, Location};
use crate::identity::OwnAccount;
use crate::telemetry::Traces;
use crate::tenants::Tenants;
use crate::warning::{self, Warning};
use crate::{
    database, http, in_the_clear, key_files, open_files, output, recovery, telemetry, tenants,
    timing, tls,
};

/// Serves the API, until the process is asked to end.
pub(crate) async fn serve(flags: &Flags) -> Result<()> {
    let loaded = config::load(flags)?;
    telemetry::start(&loaded, flags)?;
    let _traces = Traces::start(&loaded)?;
    let settings = timing::read(&loaded)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let own = OwnAccount::configured(&loaded)?;
    let event_settings = event_service::read(&loaded, own.as_ref())?;
    let tenants = tenants::read(&loaded, own.as_ref())?;
    let tls = tls::read(&loaded)?;
    let mut http = http::read(&loaded)?;
    let room = open_files::make_room_for(http.max_connections);
    http.max_connections = room.connections;
    let listener = listen(&loaded)?;
    let (store, database) = database::open(&loaded).await?;
    let (rooms, mut embedded) = event_rooms(&event_settings, &tenants, &clock)?;
    let banner = Banner {
        scheme: if tls.is_some() { "https" } else { "http" },
        address: listener.local_addr()?,
        database,
        embedded: embedded.as_ref().map(Running::address),
        is_for_development: tenants.are_for_development,
        loaded: &loaded,
    };
    let banner = banner.text()?;

    let issuers = Issuers::new(tenants.issuers, Arc::clone(&clock));
    let authenticator = authenticator(issuers, loaded.config.cache.tokens)?;
    let access = Arc::new(Policies::new(tenants.policies));
    let rooms = Arc::new(WatchedRooms::logged(rooms));
    let store = cached(store, loaded.config.cache.chats);
    let ports = Ports { store, rooms, access, clock, ids: Arc::new(Uuid7) };
    let chats = Arc::new(Chats::new(ports, settings));
    let recovery = tokio::spawn(recovery::run(Arc::clone(&chats), loaded.config.recovery.interval));
    // Until here a signal ends the process at once, for nothing is in flight.
    let mut shutdown = Shutdown::listen()?;
    let tls = tls.map(|tls| {
        warning::log(tls.certificate.concern().map(Warning::from));
        tokio::spawn(tls.certificate.keep_up_to_date());
        tls.config
    });
    let server = chats_http::serve(
        listener,
        tls,
        http,
        Api { chats, authenticator, observer: Arc::new(()) },
    )?;
    warning::log(in_the_clear::find(&loaded.config));
    warning::log(key_files::find_open(&loaded.config));
    warning::log(room.warning);
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    output::line(&banner);

    tokio::select! {
        () = shutdown.requested() => {}
        ended = &mut server => return Ok(ended??),
        ended = end_of(&mut embedded) => return Ok(ended?),
    }
    tracing::info!("ending, once the requests in flight have been answered");
    // An attempt that is cut short here is one more that died: its lease runs out.
    recovery.abort();
    let end = async {
        handle.stop(true).await;
        server.await??;
        if let Some(embedded) = embedded {
            embedded.stop().await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = end => ended,
        () = shutdown.requested() => bail!("asked a second time, and ended at once"),
    }
}

/// Returns when the embedded event service, if there is one, has ended of itself.
async fn end_of(embedded: &mut Option<Running>) -> io::Result<()> {
    match embedded {
        Some(embedded) => embedded.ended().await,
        None => pending().await,
    }
}

fn listen(loaded: &Loaded) -> Result<TcpListener, ConfigError> {
    let address = loaded.config.http.listen;
    TcpListener::bind(address).map_err(|error| {
        loaded.error("http.listen", format!("cannot listen on {address}: {error}"))
    })
}

/// The issuers, behind a cache of so many tokens, if there is to be one.
fn authenticator(issuers: Issuers, tokens: Option<NonZeroU32>) -> Result<Arc<dyn Authenticator>> {
    let Some(tokens) = tokens else {
        return Ok(Arc::new(issuers));
    };
    let cache = TokenCache::new(issuers, tokens).context("the system gives no random bytes")?;
    Ok(Arc::new(cache))
}

/// The store, behind a cache of so many bytes, if there is to be one.
fn cached(store: DieselStore, bytes: Option<NonZeroU64>) -> Arc<dyn ChatStore> {
    let store = Arc::new(store);
    match bytes {
        Some(bytes) => Arc::new(CachedStore::new(store, bytes)),
        None => store,
    }
}

/// The event service: the configured one, or the embedded one, which is started.
fn event_rooms(
    settings: &EventSettings<'_>,
    tenants: &Tenants,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn EventRooms>, Option<Running>)> {
    let clock = Arc::clone(clock);
    match settings.location.clone() {
        Location::At(url) => Ok((Arc::new(settings.client(url, clock)?), None)),
        Location::Embedded => {
            let options = EventArgs::default();
            let embedded = settings.start_embedded(tenants, &options, Arc::clone(&clock))?;
            let client = settings.client_of_embedded(embedded.address(), clock)?;
            Ok((Arc::new(client), Some(embedded)))
        }
    }
}
