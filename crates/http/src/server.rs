use std::net::TcpListener;
use std::{io, thread};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

use crate::{Api, middleware, routes};

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
    let workers = thread::available_parallelism().map_or(1, usize::from);
    Ok(server.workers(workers).disable_signals().listen(listener)?.run())
}
