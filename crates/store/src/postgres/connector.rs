use std::error::Error;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::result::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use super::tls::TlsError;
use super::url::PostgresUrl;
use crate::database::PoolSettings;

/// A server that has not even acknowledged what it was sent for this long is gone.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was silent for this long is probed.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(30);

/// Opens connections to one database.
pub(crate) struct Connector {
    how: Arc<How>,
    runtime: Handle,
}

struct How {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    timeout: Duration,
    /// The tasks that drive connections: those on our runtime, and those on others.
    drivers: TaskTracker,
    drivers_elsewhere: TaskTracker,
}

impl Connector {
    /// Reads the files that the URL names.
    pub(crate) fn new(
        url: &PostgresUrl,
        settings: PoolSettings,
        runtime: Handle,
    ) -> Result<Self, TlsError> {
        let mut config = url.config.clone();
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
        let how = How {
            config,
            tls: url.tls.connector()?,
            timeout: settings.acquire_timeout,
            drivers: TaskTracker::new(),
            drivers_elsewhere: TaskTracker::new(),
        };
        Ok(Self { how: Arc::new(how), runtime })
    }

    /// The runtime that connections are opened on.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Opens a connection on the runtime: its socket and the task that drives it stay there.
    pub(super) async fn establish(&self) -> ConnectionResult<AsyncPgConnection> {
        let how = Arc::clone(&self.how);
        let opened = self.runtime.spawn(async move { Ok(how.open(&how.drivers).await?.0) });
        opened.await.map_err(|error| bad(&error))?
    }

    /// Opens a connection on the runtime that this is called on.
    pub(super) async fn establish_here(&self) -> ConnectionResult<Driven> {
        let (connection, driver) = self.how.open(&self.how.drivers_elsewhere).await?;
        Ok(Driven {
            connection,
            driver,
            is_given_up: AtomicBool::new(false),
            silent_since: Mutex::default(),
        })
    }

    /// Returns once all connections of other runtimes are closed, which others have to see to.
    pub(super) async fn all_closed_elsewhere(&self) {
        self.how.drivers_elsewhere.close();
        self.how.drivers_elsewhere.wait().await;
    }

    /// Returns once all connections are closed, which others have to see to.
    pub(super) async fn all_closed(&self) {
        self.all_closed_elsewhere().await;
        self.how.drivers.close();
        self.how.drivers.wait().await;
    }

    /// How long a connection may take.
    pub(super) fn timeout(&self) -> Duration {
        self.how.timeout
    }
}

/// A connection with the task that drives it, which ends with it.
pub(super) struct Driven {
    pub(super) connection: AsyncPgConnection,
    driver: JoinHandle<()>,
    is_given_up: AtomicBool,
    /// Since when it has given no answer, though it was asked. Whoever asked may have left.
    silent_since: Mutex<Option<Instant>>,
}

impl Driven {
    /// Whether further queries may be sent on it: it is there, and was never silent for `patience`.
    pub(super) fn is_alive(&self, patience: Duration) -> bool {
        let is_silent = || self.silence().is_some_and(|since| since.elapsed() >= patience);
        !self.is_given_up.load(Ordering::Relaxed) && !self.driver.is_finished() && !is_silent()
    }

    /// Notes that a query was sent.
    pub(super) fn was_asked(&self) {
        self.silence().get_or_insert_with(Instant::now);
    }

    /// Notes that a query was answered.
    pub(super) fn has_answered(&self) {
        *self.silence() = None;
    }

    /// Has no further queries sent on it.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    fn silence(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Driven {
    /// Of itself the task, and the connection with it, would wait for the answers that nobody waits for. If
    /// there are none, it tells the server of the end.
    fn drop(&mut self) {
        if self.silence().is_some() || self.is_given_up.load(Ordering::Relaxed) {
            self.driver.abort();
        }
    }
}

/// A connection, and the task that drives it.
type Opened = (AsyncPgConnection, JoinHandle<()>);

impl How {
    async fn open(&self, drivers: &TaskTracker) -> ConnectionResult<Opened> {
        // A server may accept a connection, and then say nothing.
        timeout(self.timeout, self.connect(drivers)).await.map_err(|elapsed| bad(&elapsed))?
    }

    async fn connect(&self, drivers: &TaskTracker) -> ConnectionResult<Opened> {
        let Some(tls) = &self.tls else {
            return adopt(self.config.connect(NoTls).await, drivers).await;
        };
        match self.config.connect(tls.clone()).await {
            // `NoTls` does not even ask the server for TLS.
            Err(error) if self.prefers_tls() && may_be_due_to_tls(&error) => {
                tracing::debug!(%error, "a connection with TLS failed, now one without is tried");
                adopt(self.config.connect(NoTls).await, drivers).await
            }
            connected => adopt(connected, drivers).await,
        }
    }

    fn prefers_tls(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Prefer
    }
}

/// Whether a connection without TLS may succeed where this one failed, as libpq's `prefer` assumes. A
/// server that had its say may just not want TLS from this user; a password stays wrong.
fn may_be_due_to_tls(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

async fn adopt<S>(
    connected: Result<(Client, Connection<Socket, S>), tokio_postgres::Error>,
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
    Ok((AsyncPgConnection::try_from(client).await?, driver))
}

/// Diesel keeps the text of an error only, so the text tells its causes too.
fn bad(error: &dyn Error) -> ConnectionError {
    let causes = iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    ConnectionError::BadConnection(texts.join(": "))
}
