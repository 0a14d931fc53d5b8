use std::net::TcpListener;
use std::time::Duration;
use std::{io, thread};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use crate::{Api, middleware, routes};

/// How long an idle connection is kept: longer than load balancers keep theirs (60 s is common), so that
/// it is never the service that closes a connection on which a request is under way.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to send the head of its first request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests may take that are in flight at a graceful stop.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 10;

/// A running server: a future that is ready once the server has stopped.
pub use actix_web::dev::Server;
/// Stops a running server from elsewhere.
pub use actix_web::dev::ServerHandle;

/// Serves `api` on `listener`.
///
/// The server handles no signals: its [`ServerHandle`] stops it. Must be called within a tokio runtime.
pub fn serve(listener: TcpListener, api: Api) -> io::Result<Server> {
    let api = web::Data::new(api);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(api.clone())
            .wrap(from_fn(middleware::finish))
            .configure(routes::configure)
    });
    let server = server
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    Ok(server.workers(workers).disable_signals().listen(listener)?.run())
}
