use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpServer, web};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::faults::{Connection, Faults};
use crate::routes;
use crate::service::EventService;

const WORKERS: usize = 2;

/// Longer than HTTP clients keep idle connections in their pools (90 s is common), so that it is never
/// the service that closes a connection on which a request is under way.
const KEEP_ALIVE: Duration = Duration::from_mins(2);

/// How long requests may take that are under way at a graceful stop.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 5;

/// A service that listens. Dropping it stops it at once; [`stop`](Self::stop) lets requests end.
#[must_use = "dropping it stops the service"]
pub struct Running {
    address: SocketAddr,
    faults: Option<Faults>,
    handle: ServerHandle,
    /// `None` once it has ended and told how.
    server: Option<JoinHandle<io::Result<()>>>,
}

impl EventService {
    /// Starts to serve at `address`; with port 0, at a free port ([`Running::address`]).
    ///
    /// Must be called in a Tokio runtime of any flavour, which has to live as long as the service runs.
    /// Requests are served on two threads of the service's own. Signals are left to the caller.
    pub fn listen(&self, address: impl ToSocketAddrs) -> io::Result<Running> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let data = web::Data::from(Arc::clone(&self.0));
        let faults = self.0.faults.clone();
        let can_cut = faults.is_some();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .configure(|config| routes::configure(config, data.faults.is_some()))
        })
        .workers(WORKERS)
        .disable_signals()
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        // No "408 Request Timeout" to a connection that a client opened ahead of need: the client might
        // take it for the answer to its first request.
        .client_request_timeout(Duration::ZERO)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .tcp_nodelay(true)
        .on_connect(move |io, connection| {
            if can_cut && let Some(socket) = Connection::of(io) {
                connection.insert(socket);
            }
        })
        .bind(address)?;

        let address = server.addrs().first().copied();
        let address = address.ok_or_else(|| io::Error::other("no address was bound"))?;
        let server = server.run();
        tracing::info!(%address, "the embedded event service is listening");
        Ok(Running {
            address,
            faults,
            handle: server.handle(),
            server: Some(runtime.spawn(server)),
        })
    }
}

impl Running {
    /// The address that the service listens at.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns when the service has ended of itself, which it does only if something broke.
    pub async fn ended(&mut self) -> io::Result<()> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let ended = server.await;
        self.server = None;
        ended.map_err(io::Error::other)?
    }

    /// Stops listening, lets the requests that are under way end, for up to five seconds, and returns
    /// when the service has ended. Requests that hang by a [`Fault`](crate::Fault) are cut.
    pub async fn stop(mut self) -> io::Result<()> {
        if let Some(faults) = &self.faults {
            faults.clear();
        }
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
