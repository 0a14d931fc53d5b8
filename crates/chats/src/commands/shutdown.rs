use std::future::pending;
use std::io;
use std::time::Duration;

use anyhow::Result;
use chats_event_embedded::Running;
use chats_store::DieselStore;
use futures_util::future::join_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config;

/// How long the database server may take to hear of the end.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Requests to end the process: SIGTERM, and SIGINT (Ctrl-C).
pub(super) struct EndRequests {
    terminate: Signal,
    interrupt: Signal,
}

impl EndRequests {
    /// From now on such a signal is a request, and no longer the end.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns at the next request.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the parts of the process are told of its end.
#[derive(Default)]
pub(super) struct EndSignals {
    /// No further requests are to be sent here.
    pub(super) not_ready: CancellationToken,
    /// Nothing more is begun.
    pub(super) no_new_work: CancellationToken,
}

/// All that runs while the API is served.
pub(super) struct Service {
    pub(super) api: chats_http::Running,
    pub(super) admin: chats_admin::Running,
    pub(super) recovery: JoinHandle<()>,
    /// The embedded event service, if it is that one.
    pub(super) embedded: Option<Running>,
    /// The database, and its replica if there is one.
    pub(super) databases: Vec<DieselStore>,
    pub(super) signals: EndSignals,
}

impl Service {
    /// Returns when one of those that listen has ended of itself.
    pub(super) async fn any_ended(&mut self) -> io::Result<()> {
        let embedded = async {
            match &mut self.embedded {
                Some(embedded) => embedded.ended().await,
                None => pending().await,
            }
        };
        tokio::select! {
            ended = self.api.ended() => ended,
            ended = self.admin.ended() => ended,
            ended = embedded => ended,
        }
    }

    /// Ends all of them, in an order in which nobody misses another.
    ///
    /// At first everything is served as ever, for load balancers take a while to see that the process is not
    /// ready any more. Operators are answered until the end.
    pub(super) async fn end(self, settings: config::Shutdown) -> Result<()> {
        let Self { api, admin, recovery, embedded, databases, signals } = self;
        tracing::info!(delay = ?settings.delay, "not ready any more, for the end was asked for");
        signals.not_ready.cancel();
        api.send_clients_away();
        sleep(settings.delay).await;

        tracing::info!("ending, once what is under way has ended");
        signals.no_new_work.cancel();
        let work = async {
            // The threads of the API end with it, and with them the connections that they use.
            let leave = join_all(databases.iter().map(DieselStore::leave_other_runtimes));
            let _ = timeout(GOODBYE_TIMEOUT, leave).await;
            let (api, recovery) = tokio::join!(api.stop(), recovery);
            api?;
            recovery?;
            match embedded {
                Some(embedded) => Ok(embedded.stop().await?),
                None => anyhow::Ok(()),
            }
        };
        if let Ok(ended) = timeout(settings.timeout, work).await {
            ended?;
        } else {
            let timeout = settings.timeout;
            tracing::warn!(?timeout, "cut off what was still under way, which recovery finishes");
        }
        let close = join_all(databases.iter().map(DieselStore::close));
        let _ = timeout(GOODBYE_TIMEOUT, close).await;
        Ok(admin.stop().await?)
    }
}
