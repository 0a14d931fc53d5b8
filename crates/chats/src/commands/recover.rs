use std::sync::Arc;

use anyhow::Result;
use chats_access::Policies;
use chats_domain::ports::{Clock, EventRooms};
use chats_domain::use_cases::{Chats, Ports, Recovered, Recovery};

use crate::adapters::{SystemClock, Uuid7, WatchedRooms};
use crate::config::{self, Flags};
use crate::error_chain::chain;
use crate::event_service::{self, Location};
use crate::identity::OwnAccount;
use crate::{database, output, recovery, telemetry, timing};

/// Makes one attempt on each chat that was left half made, and tells what came of it.
///
/// It works beside running instances. An embedded event service must be running.
pub(crate) async fn recover(flags: &Flags) -> Result<()> {
    let loaded = config::load(flags)?;
    let _log = telemetry::start(&loaded, flags)?;
    let settings = timing::read(&loaded)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let own = OwnAccount::configured(&loaded)?;
    let event_settings = event_service::read(&loaded, own.as_ref())?;
    let (store, _) = database::open(&loaded).await?;
    let rooms: Arc<dyn EventRooms> = Arc::new(match event_settings.location.clone() {
        Location::At(url) => event_settings.client(url, Arc::clone(&clock))?,
        Location::Embedded => {
            event_settings.client_of_embedded(loaded.config.event.listen, Arc::clone(&clock))?
        }
    });
    // Nobody asks for anything here: what was reserved was allowed.
    let access = Arc::new(Policies::default());
    let rooms = Arc::new(WatchedRooms::logged(rooms));
    let ports = Ports { store: Arc::new(store), rooms, access, clock, ids: Arc::new(Uuid7) };

    let recoveries = recovery::pass(&Chats::new(ports, settings)).await?;
    let is_ready = |recovery: &&Recovery| matches!(recovery.result, Ok(Recovered::Ready));
    let finished = recoveries.iter().filter(is_ready).count();
    for recovery in &recoveries {
        let (chat, attempt) = (recovery.chat, recovery.attempt.number());
        output::line(&match &recovery.result {
            Ok(Recovered::Ready) => format!("{chat} is ready, by attempt {attempt}"),
            Ok(Recovered::Overtaken) => format!("{chat} is opened by someone else meanwhile"),
            Err(error) => {
                format!("{chat} is still opening, after attempt {attempt}: {}", chain(error))
            }
        });
    }
    output::line(&format!("{finished} of {} chats were finished.", recoveries.len()));
    Ok(())
}
