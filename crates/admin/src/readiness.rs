use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Cause;
use futures_util::future::{join, join3};
use serde::Serialize;

use crate::probe::Probe;
use crate::{Database, EventService, Instance};

/// How long a look may take. Shorter than probes commonly wait.
const PATIENCE: Duration = Duration::from_millis(900);

/// For how long a look counts: load balancers commonly ask every few seconds, each for itself.
const DATABASE_COUNTS_FOR: Duration = Duration::from_secs(1);
/// It is another system, and nothing is decided by it.
const EVENT_SERVICE_COUNTS_FOR: Duration = Duration::from_secs(10);

/// Tells whether an instance is ready.
pub(crate) struct Readiness {
    instance: Arc<dyn Instance>,
    database: Probe<Database>,
    replica: Probe<Option<Database>>,
    event_service: Probe<EventService>,
}

/// Whether requests are to be sent to an instance, and how all is that it stands on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    pub(crate) is_ready: bool,
    is_ending: bool,
    database: Database,
    /// If there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<Database>,
    event_service: EventService,
}

impl Readiness {
    pub(crate) fn of(instance: Arc<dyn Instance>) -> Self {
        Self {
            instance,
            database: Probe::new(DATABASE_COUNTS_FOR, PATIENCE, Database::Unreachable),
            replica: Probe::new(DATABASE_COUNTS_FOR, PATIENCE, Some(Database::Unreachable)),
            event_service: Probe::new(
                EVENT_SERVICE_COUNTS_FOR,
                PATIENCE,
                EventService::Unreachable,
            ),
        }
    }

    /// How the instance is.
    ///
    /// It is ready without its event service, for it can still be read from; all other instances would
    /// be as unready. So it is without its database, while there is a replica of it.
    pub(crate) async fn report(&self) -> Report {
        let event_service = self.event_service.found(self.instance.look_at_event_service());
        let (database, replica, event_service) =
            join3(self.database(), self.replica(), event_service).await;
        // Asked last: it may have come meanwhile.
        let is_ending = self.instance.is_ending();
        let is_ready = is_ready(database, replica, is_ending);
        Report { is_ready, is_ending, database, replica, event_service }
    }

    /// The figures of the instance, in which it is as ready as a report would say.
    pub(crate) async fn metrics(&self) -> Result<String, Cause> {
        let (database, replica) = join(self.database(), self.replica()).await;
        self.instance.metrics(is_ready(database, replica, self.instance.is_ending())).await
    }

    async fn database(&self) -> Database {
        self.database.found(self.instance.look_at_database()).await
    }

    async fn replica(&self) -> Option<Database> {
        self.replica.found(self.instance.look_at_replica()).await
    }
}

fn is_ready(database: Database, replica: Option<Database>, is_ending: bool) -> bool {
    let can_be_read_from = match database {
        Database::Ready => true,
        Database::NotUpToDate => false,
        Database::Unreachable => replica == Some(Database::Ready),
    };
    can_be_read_from && !is_ending
}
