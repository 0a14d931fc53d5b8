use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chats_access::{Issuers, Policies, TokenCache};
use chats_domain::ports::{Authenticator, Clock, EventRooms};
use chats_domain::use_cases::{Chats, Ports};
use chats_event_embedded::Running;
use chats_http::Api;
use chats_telemetry::{Metrics, ObservedAuthenticator, ObservedPolicy, ObservedRooms};

use super::banner::Banner;
use super::shutdown::{EndRequests, EndSignals, Service};
use crate::adapters::{ObservedIssuers, RunningInstance, SystemClock, Uuid7, WatchedRooms};
use crate::chat_store::StoredChats;
use crate::cli::EventArgs;
use crate::config::{self, ConfigError, Flags, Loaded};
use crate::early_end::EarlyEnd;
use crate::event_service::{self, EventSettings, Location};
use crate::identity::OwnAccount;
use crate::telemetry::{CountedRequests, Traces};
use crate::tenants::Tenants;
use crate::warning::{self, Warning};
use crate::{
    database, http, in_the_clear, key_files, open_files, output, recovery, telemetry, tenants,
    timing, tls,
};

/// Serves the API, until the process is asked to end.
pub(crate) async fn serve(flags: &Flags, early_end: EarlyEnd) -> Result<()> {
    let loaded = config::load(flags)?;
    let log = telemetry::start(&loaded, flags)?;
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
    let listener = listen(&loaded, "http.listen", loaded.config.http.listen)?;
    let admin = listen(&loaded, "admin.listen", loaded.config.admin.listen)?;
    let replica = database::open_replica(&loaded).await?;
    let (store, database) = database::open(&loaded).await?;
    let (rooms, embedded) = event_rooms(&event_settings, &tenants, &clock)?;
    let banner = Banner {
        scheme: if tls.is_some() { "https" } else { "http" },
        address: listener.local_addr()?,
        admin: admin.local_addr()?,
        database,
        embedded: embedded.as_ref().map(Running::address),
        is_for_development: tenants.are_for_development,
        loaded: &loaded,
    };
    let banner = banner.text()?;

    let metrics = Arc::new(telemetry::metrics()?);
    let issuers = Issuers::new(tenants.issuers, Arc::clone(&clock));
    let Authentication { port: authenticator, cache: tokens_cache } =
        authentication(issuers, loaded.config.cache.tokens, &metrics)?;
    let stored = StoredChats::of(store.clone(), &metrics)
        .behind_replica(replica.clone(), &metrics, &clock)
        .behind_cache(loaded.config.cache.chats);
    let observed_rooms = Arc::new(ObservedRooms::new(Arc::clone(&rooms), &metrics));
    let ports = Ports {
        store: stored.port,
        rooms: Arc::new(WatchedRooms::counted(observed_rooms, Arc::clone(&metrics))),
        access: Arc::new(ObservedPolicy::new(Policies::new(tenants.policies), &metrics)),
        clock: Arc::clone(&clock),
        ids: Arc::new(Uuid7),
    };
    let chats = Arc::new(Chats::new(ports, settings));
    let mut asked = EndRequests::listen()?;
    drop(early_end);
    let signals = EndSignals::default();
    let (interval, end) = (loaded.config.recovery.interval, signals.no_new_work.clone());
    let recovery = tokio::spawn(recovery::run(Arc::clone(&chats), interval, end));
    let tls = tls.map(|tls| {
        warning::log(tls.certificate.concern().map(Warning::from));
        tokio::spawn(tls.certificate.keep_up_to_date());
        tls.config
    });
    let observer = Arc::new(CountedRequests::by(&metrics));
    let api = chats_http::serve(listener, tls, http, Api { chats, authenticator, observer })?;
    let instance = RunningInstance {
        metrics,
        store: store.clone(),
        replica: replica.clone(),
        rooms,
        chats_cache: stored.cache,
        replicated: stored.replicated,
        tokens_cache,
        clock,
        log_lines_dropped: log.lines_dropped(),
        ending: signals.not_ready.clone(),
    };
    let admin = chats_admin::serve(admin, Arc::new(instance))?;
    warning::log(in_the_clear::find(&loaded.config));
    warning::log(key_files::find_open(&loaded.config));
    warning::log(room.warning);
    output::line(&banner);

    let databases = [Some(store), replica].into_iter().flatten().collect();
    let mut service = Service { api, admin, recovery, embedded, databases, signals };
    tokio::select! {
        () = asked.next() => {}
        ended = service.any_ended() => return Ok(ended?),
    }
    tokio::select! {
        ended = service.end(loaded.config.shutdown) => ended,
        () = asked.next() => bail!("asked a second time, and ended at once"),
    }
}

fn listen(loaded: &Loaded, key: &str, address: SocketAddr) -> Result<TcpListener, ConfigError> {
    TcpListener::bind(address).map_err(|error| loaded.cannot_listen(key, address, &error))
}

/// The port, and the cache that it stands on, if it does.
struct Authentication {
    port: Arc<dyn Authenticator>,
    cache: Option<Arc<TokenCache<ObservedIssuers>>>,
}

/// The issuers, behind a cache of so many tokens, if there is to be one.
fn authentication(
    issuers: Issuers,
    tokens: Option<NonZeroU32>,
    metrics: &Metrics,
) -> Result<Authentication> {
    let Some(tokens) = tokens else {
        let port = Arc::new(ObservedAuthenticator::new(issuers, metrics));
        return Ok(Authentication { port, cache: None });
    };
    let cache = TokenCache::new(ObservedIssuers::new(issuers, metrics), tokens);
    let cache = Arc::new(cache.context("the system gives no random bytes")?);
    Ok(Authentication { port: Arc::clone(&cache) as _, cache: Some(cache) })
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
