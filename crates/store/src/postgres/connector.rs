use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::result::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{self, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Connection;
use super::driven::Driven;
use super::server::Server;
use super::tls::TlsError;
use super::url::{PostgresUrl, Role};
use crate::database::PoolSettings;

/// A server that has not even acknowledged what it was sent for this long is gone.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was silent for this long is probed.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(30);

/// Opens connections to one database: on that of its servers which takes writes, or any if it is a replica.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(super) how: Arc<How>,
    runtime: Handle,
}

pub(super) struct How {
    pub(super) servers: Vec<Server>,
    /// The number of the server that took the last connection.
    last: AtomicUsize,
    tls: Option<MakeRustlsConnect>,
    pub(super) timeout: Duration,
    role: Role,
    prepares_statements: bool,
    /// The tasks that drive connections: those on our runtime, and those on others.
    drivers: TaskTracker,
    drivers_elsewhere: TaskTracker,
    /// For connections that have left the pool before they were answered.
    pub(super) room_beside_pool: Semaphore,
    pub(super) is_closing: CancellationToken,
}

impl Connector {
    /// Reads the files that the URL names.
    pub(crate) fn new(
        url: &PostgresUrl,
        settings: PoolSettings,
        runtime: Handle,
    ) -> Result<Self, TlsError> {
        let mut servers = url.servers();
        for Server { config, .. } in &mut servers {
            config.keepalives_idle(config.get_keepalives_idle().min(KEEPALIVES_IDLE));
            if config.get_tcp_user_timeout().is_none() {
                config.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
            }
            if config.get_connect_timeout().is_none() {
                config.connect_timeout(settings.acquire_timeout);
            }
            if config.get_application_name().is_none() {
                config.application_name("chats");
            }
        }
        let how = How {
            servers,
            last: AtomicUsize::new(0),
            tls: url.tls.connector()?,
            timeout: settings.acquire_timeout,
            role: url.role,
            prepares_statements: url.prepares_statements,
            drivers: TaskTracker::new(),
            drivers_elsewhere: TaskTracker::new(),
            room_beside_pool: Semaphore::new(settings.max_connections.get()),
            is_closing: CancellationToken::new(),
        };
        Ok(Self { how: Arc::new(how), runtime })
    }

    /// The runtime that connections are opened on.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Opens a connection on the runtime, for work that takes a session of its own.
    pub(super) async fn establish(&self) -> ConnectionResult<AsyncPgConnection> {
        self.open().await
    }

    /// Opens a connection on the runtime: its socket and the task that drives it stay there.
    pub(super) async fn connect(&self) -> ConnectionResult<Connection> {
        self.open().await
    }

    async fn open<C: Adopt>(&self) -> ConnectionResult<C> {
        let how = Arc::clone(&self.how);
        let opened = self.runtime.spawn(async move { how.open(&how.drivers).await });
        opened.await.map_err(|error| bad(&error))?
    }

    /// Opens a connection on the runtime that this is called on.
    pub(super) async fn connect_here(&self) -> ConnectionResult<Driven> {
        let connection = self.how.open(&self.how.drivers_elsewhere).await?;
        Ok(Driven::new(connection, self.clone()))
    }

    /// Returns once all connections of other runtimes are closed, which others have to see to.
    pub(super) async fn all_closed_elsewhere(&self) {
        self.how.drivers_elsewhere.close();
        self.how.drivers_elsewhere.wait().await;
    }

    /// Returns once all connections are closed, which others have to see to.
    pub(super) async fn all_closed(&self) {
        self.how.is_closing.cancel();
        self.all_closed_elsewhere().await;
        self.how.drivers.close();
        self.how.drivers.wait().await;
    }

    /// What the servers are for.
    pub(super) fn role(&self) -> Role {
        self.how.role
    }

    /// How long a connection may take.
    pub(super) fn timeout(&self) -> Duration {
        self.how.timeout
    }
}

/// The driver's part of a connection, and the task that drives it.
pub(super) type Opened = (Client, JoinHandle<()>);

/// What is made of a connection that a server has taken.
trait Adopt: Send + Sized + 'static {
    fn adopt(
        opened: Opened,
        server: usize,
        how: &How,
    ) -> impl Future<Output = ConnectionResult<Self>> + Send;
}

impl Adopt for AsyncPgConnection {
    async fn adopt((client, _): Opened, _: usize, _: &How) -> ConnectionResult<Self> {
        Self::try_from(client).await
    }
}

impl Adopt for Connection {
    async fn adopt(opened: Opened, server: usize, how: &How) -> ConnectionResult<Self> {
        Self::new(opened, server, how.prepares_statements).await
    }
}

impl How {
    /// Opens a connection on the first server that takes it, beginning with the one that took the last.
    async fn open<C: Adopt>(&self, drivers: &TaskTracker) -> ConnectionResult<C> {
        let mut refusals = Vec::new();
        let until = time::Instant::now() + self.timeout;
        let last = self.last.load(Ordering::Relaxed);
        let count = self.servers.len();
        for (number, left) in (last..).zip((1..=count).rev()) {
            let number = number % count;
            let server = &self.servers[number];
            // A server that says nothing leaves time for those after it.
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            let share = until.saturating_duration_since(time::Instant::now()) / left;
            let opened =
                async { C::adopt(self.open_on(server, drivers).await?, number, self).await };
            let opened = timeout(share, opened).await;
            match opened.unwrap_or_else(|elapsed| Err(bad(&elapsed))) {
                Ok(opened) => {
                    self.last.store(number, Ordering::Relaxed);
                    return Ok(opened);
                }
                Err(error) => refusals.push((server, error)),
            }
        }
        Err(together(refusals))
    }

    async fn open_on(&self, server: &Server, drivers: &TaskTracker) -> ConnectionResult<Opened> {
        let config = &server.config;
        let Some(tls) = self.tls_of(server) else {
            return drive(config.connect(NoTls).await, drivers);
        };
        match config.connect(tls.clone()).await {
            // `NoTls` does not even ask the server for TLS.
            Err(error) if config.get_ssl_mode() == SslMode::Prefer && may_be_due_to_tls(&error) => {
                tracing::debug!(%error, "a connection with TLS failed, now one without is tried");
                drive(config.connect(NoTls).await, drivers)
            }
            connected => drive(connected, drivers),
        }
    }

    pub(super) fn tls_of(&self, server: &Server) -> Option<&MakeRustlsConnect> {
        self.tls.as_ref().filter(|_| server.config.get_ssl_mode() != SslMode::Disable)
    }
}

/// Why no server took a connection. Where there are several, each is named.
fn together(mut refusals: Vec<(&Server, ConnectionError)>) -> ConnectionError {
    if refusals.len() == 1
        && let Some((_, error)) = refusals.pop()
    {
        return error;
    }
    let texts = refusals.iter().map(|(server, error)| format!("{}: {error}", server.name));
    ConnectionError::BadConnection(texts.collect::<Vec<_>>().join("; "))
}

/// Whether a connection without TLS may succeed where this one failed, as libpq's `prefer` assumes. A
/// server that had its say may just not want TLS from this user; a password stays wrong, a port closed, and
/// a standby one.
fn may_be_due_to_tls(error: &tokio_postgres::Error) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if io.is_some_and(|io| {
        matches!(io.kind(), ErrorKind::ConnectionRefused | ErrorKind::PermissionDenied)
    }) {
        return false;
    }
    error.code().is_none_or(|code| *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

fn drive<S>(
    connected: Result<(Client, tokio_postgres::Connection<Socket, S>), tokio_postgres::Error>,
    drivers: &TaskTracker,
) -> ConnectionResult<Opened>
where
    S: TlsStream + Unpin + Send + 'static,
{
    let (client, connection) = connected.map_err(|error| bad(&error))?;
    match connection.parameter("server_encoding") {
        Some("UTF8") | None => {}
        Some(other) => {
            let reason = format!("the database has the encoding {other}, and needs UTF8");
            return Err(ConnectionError::BadConnection(reason));
        }
    }
    let driver = drivers.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = bad(&error).to_string(), "a connection to PostgreSQL is lost");
        }
    });
    Ok((client, driver))
}

/// Diesel keeps the text of an error only, so the text tells its causes too.
fn bad(error: &dyn Error) -> ConnectionError {
    let causes = iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    ConnectionError::BadConnection(texts.join(": "))
}
