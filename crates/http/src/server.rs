use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};

use actix_http::{HttpService, Protocol};
use actix_server::{GracefulShutdownSignal, Server, ServerHandle};
use actix_service::{
    Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_tls::accept::max_concurrent_tls_connect;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};
use chats_domain::use_cases::Chats;
use futures_util::FutureExt;
use opentelemetry::global;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::connection::{Connection, Stream};
use crate::entrance::Entrance;
use crate::middleware::{self, Watch};
use crate::resting::{self, Lent, REST_AFTER};
use crate::{Api, Settings, docs, routes};

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection that is to be closed is still read from, so that a client that goes on sending hears
/// its answer before it meets a broken connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How many connections may wait to be accepted, where the system allows that many.
const BACKLOG: i32 = 4096;

/// How long requests may take that are in flight at the end. Whoever stops the server knows how long it waits.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_hours(1);

/// The API, as long as it is served. Dropping it stops it at once; [`stop`](Self::stop) lets requests end.
#[must_use = "dropping it stops the service"]
pub struct Running {
    handle: ServerHandle,
    /// `None` once it has ended and told how.
    server: Option<JoinHandle<io::Result<()>>>,
    is_ending: Arc<AtomicBool>,
}

/// Serves `api` on `listener`: in the clear, or with TLS and nothing else. Over either it speaks HTTP/1.1.
///
/// Signals are left to the caller. Must be called within a tokio runtime, which has to live as long as the
/// service runs: chats are made on it.
pub fn serve(
    listener: TcpListener,
    tls: Option<ServerConfig>,
    settings: Settings,
    api: Api,
) -> io::Result<Running> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    // They are counted per worker, and spread evenly.
    let max_connections = (settings.max_connections.get() as usize).div_ceil(workers);
    // Every connection may be in its handshake. Of fewer, silent ones would keep all others from being
    // accepted. The number is one for the process, in which nobody else accepts TLS.
    max_concurrent_tls_connect(max_connections);
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(max_connections)
        .shutdown_timeout(SHUTDOWN_TIMEOUT.as_secs())
        .disable_signals();
    let is_ending = Arc::default();
    let shared = Shared {
        entrance: web::Data::new(Entrance::new(api.authenticator, &settings)),
        chats: web::Data::from(api.chats),
        watch: Arc::new(Watch {
            observer: api.observer,
            tracer: settings.collects_traces.then(|| global::tracer("chats")),
            is_over_tls: tls.is_some(),
            is_ending: Arc::clone(&is_ending),
        }),
        settings: web::Data::new(settings),
        stop: server.graceful_shutdown_signal(),
        runtime: Handle::current(),
    };
    // Whoever bound it may have had less traffic in mind.
    SockRef::from(&listener).listen(BACKLOG)?;
    let server = match tls {
        Some(tls) => server.listen("https", listener, move || over_tls(&shared, tls.clone()))?,
        None => server.listen("http", listener, move || in_the_clear(&shared))?,
    };
    let server = server.run();
    Ok(Running { handle: server.handle(), server: Some(tokio::spawn(server)), is_ending })
}

impl Running {
    /// From now on each response asks its client to leave: the connection closes behind it. All else is as
    /// before.
    pub fn send_clients_away(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Returns when the server has ended of itself, which it does only if something broke.
    pub async fn ended(&mut self) -> io::Result<()> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let ended = server.await;
        self.server = None;
        ended.map_err(io::Error::other)?
    }

    /// Stops listening, closes idle connections, and returns when the requests in flight have been answered,
    /// and chats that were being made are, whether anybody waits for them or not.
    pub async fn stop(mut self) -> io::Result<()> {
        self.send_clients_away();
        self.handle.stop(true).await;
        self.ended().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for its end.
        drop(self.handle.stop(false));
    }
}

/// What the workers share.
#[derive(Clone)]
struct Shared {
    entrance: web::Data<Entrance>,
    chats: web::Data<Chats>,
    watch: Arc<Watch>,
    settings: web::Data<Settings>,
    stop: GracefulShutdownSignal,
    /// That on which the service was started, and where chats are made.
    runtime: Handle,
}

fn in_the_clear(
    shared: &Shared,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> + use<> {
    let (patience, runtime) = (shared.patience(), shared.runtime.clone());
    fn_service(move |stream: TcpStream| {
        let peer = stream.peer_addr().ok();
        ready(Ok((Connection::new(stream, patience, runtime.clone()), Protocol::Http1, peer)))
    })
    .and_then(shared.http().map_err(drop))
}

fn over_tls(
    shared: &Shared,
    mut config: ServerConfig,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> + use<> {
    let (patience, runtime) = (shared.patience(), shared.runtime.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut acceptor = Acceptor::new(config);
    acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT);
    fn_service(move |stream| ready(Ok(Connection::new(stream, patience, runtime.clone()))))
        .and_then(acceptor.map_err(drop))
        .map(|stream: TlsStream<Connection>| {
            let peer = stream.get_ref().0.peer();
            (stream, Protocol::Http1, peer)
        })
        .and_then(shared.http().map_err(drop))
}

impl Shared {
    /// How long a connection is kept on which no request begins. Idle ones end before.
    fn patience(&self) -> Duration {
        self.settings.keep_alive + self.settings.client_timeout
    }

    /// Serves the routes on any stream. This is what [`actix_web::HttpServer`] does, which takes no streams
    /// but its own.
    fn http<S: Stream>(
        &self,
    ) -> impl ServiceFactory<
        (S, Protocol, Option<SocketAddr>),
        Config = (),
        Response = (),
        Error = actix_http::error::DispatchError,
        InitError = (),
    > + use<S> {
        let watch = Arc::clone(&self.watch);
        let is_shared = !self.settings.cors_origins.is_empty();
        let has_docs = self.settings.docs;
        let app = App::new()
            .app_data(self.entrance.clone())
            .app_data(self.chats.clone())
            .app_data(self.settings.clone())
            .wrap(from_fn(move |request, next| {
                middleware::finish(request, next, Arc::clone(&watch))
            }))
            .configure(move |app| routes::configure(app, is_shared))
            // Last, so that no route of the API is looked for behind them.
            .configure(move |app| {
                if has_docs {
                    docs::configure(app);
                }
            });
        let stop = self.stop.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(self.settings.keep_alive)
            .client_request_timeout(self.settings.client_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .on_connect_ext(|stream: &Lent<S>, data| {
                data.insert(stream.activity());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        let keep_alive = self.settings.keep_alive;
        let stop = self.stop.clone();
        fn_factory(move || {
            let (http, stop) = (http.new_service(()), stop.clone());
            async move {
                let http = Rc::new(http.await?);
                Ok(fn_service(move |(stream, protocol, peer): (S, _, _)| {
                    let (http, stop) = (Rc::clone(&http), stop.clone());
                    let lent = Lent::new(stream, REST_AFTER);
                    let activity = lent.activity();
                    let served = resting::serve(
                        lent,
                        keep_alive,
                        async move |lent| http.call((lent, protocol, peer)).await,
                        async move || stop.notified().await,
                    );
                    served.then(async move |served| {
                        // The worker thread lives as long as a connection does.
                        activity.has_ended().await;
                        served
                    })
                }))
            }
        })
    }
}
