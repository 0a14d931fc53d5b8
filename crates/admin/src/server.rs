use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use tokio::task::JoinHandle;

use crate::readiness::Readiness;
use crate::{Instance, routes};

/// Operators are few.
const MAX_CONNECTIONS: usize = 64;

/// Longer than the pause between two probes, or two scrapes, commonly is.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long an answer that is under way may take at the end.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 2;

/// The listener, as long as it answers. Dropping it stops it at once; [`stop`](Self::stop) lets answers end.
#[must_use = "dropping it stops the listener"]
pub struct Running {
    handle: ServerHandle,
    /// `None` once it has ended and told how.
    server: Option<JoinHandle<io::Result<()>>>,
}

/// Tells about `instance` on `listener`.
///
/// Signals are left to the caller. Must be called within a tokio runtime, which has to live as long as the
/// listener does.
pub fn serve(listener: TcpListener, instance: Arc<dyn Instance>) -> io::Result<Running> {
    let readiness = web::Data::new(Readiness::of(instance));
    let app = move || {
        App::new().app_data(readiness.clone()).wrap(routes::headers()).configure(routes::configure)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(MAX_CONNECTIONS)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(listener)?;
    let server = server.run();
    Ok(Running { handle: server.handle(), server: Some(tokio::spawn(server)) })
}

impl Running {
    /// Returns when the listener has ended of itself, which it does only if something broke.
    pub async fn ended(&mut self) -> io::Result<()> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        let ended = server.await;
        self.server = None;
        ended.map_err(io::Error::other)?
    }

    /// Stops listening, and returns when what was asked has been answered.
    pub async fn stop(mut self) -> io::Result<()> {
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
