use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpServer, web};
use tokio::task::JoinHandle;

use crate::readiness::Readiness;
use crate::{Instance, routes};

/// Operators are few, but whoever only connects is not to keep them out.
const MAX_CONNECTIONS: usize = 1_000;

/// How long the head of a request may take to come, from the start of its connection on.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

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
        // Probes and scrapes are rare: a connection for each costs nothing, and none is ever idle.
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(HEAD_TIMEOUT)
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};

    use async_trait::async_trait;
    use chats_domain::ports::Cause;

    use super::*;
    use crate::{Database, EventService};

    /// An instance that has nothing to complain of.
    struct Well;

    #[async_trait]
    impl Instance for Well {
        fn is_ending(&self) -> bool {
            false
        }

        async fn look_at_database(&self) -> Database {
            Database::Ready
        }

        async fn look_at_replica(&self) -> Option<Database> {
            None
        }

        async fn look_at_event_service(&self) -> EventService {
            EventService::Ready
        }

        async fn metrics(&self, _is_ready: bool) -> Result<String, Cause> {
            Ok(String::new())
        }
    }

    fn running() -> (Running, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (serve(listener, Arc::new(Well)).unwrap(), address)
    }

    /// A connection on which this is sent, and no more.
    fn connected(address: SocketAddr, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream
    }

    /// All that comes until the other side closes the connection.
    fn rest(mut stream: &TcpStream) -> String {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        rest
    }

    fn request(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_stays_after_the_answer_keeps_nobody_out() {
        let (running, address) = running();
        let paths = ["/healthz", "/readyz", "/metrics", "/nothing"].into_iter().cycle();
        let stay: Vec<_> = paths.take(200).map(|path| connected(address, &request(path))).collect();
        for stream in &stay {
            let answer = rest(stream).to_lowercase();
            assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        }
        running.stop().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_asks_for_nothing_keeps_nobody_out_and_is_sent_away() {
        let (running, address) = running();
        let begun = ["", "GET /healthz HTTP/1.1\r\nhost:"].into_iter().cycle();
        let idle: Vec<_> = begun.take(200).map(|sent| connected(address, sent)).collect();
        let answer = rest(&connected(address, &request("/healthz")));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        for stream in &idle {
            let answer = rest(stream);
            assert!(!answer.contains("200 OK"), "{answer}");
        }
        running.stop().await.unwrap();
    }
}
