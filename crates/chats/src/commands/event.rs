use std::sync::Arc;

use anyhow::Result;

use super::shutdown::EndRequests;
use crate::adapters::SystemClock;
use crate::cli::EventArgs;
use crate::config::{self, Flags};
use crate::early_end::EarlyEnd;
use crate::identity::OwnAccount;
use crate::{event_service, in_the_clear, key_files, output, telemetry, tenants, warning};

/// Serves the embedded event service alone, until the process is asked to end.
pub(crate) async fn event(flags: &Flags, args: &EventArgs, early_end: EarlyEnd) -> Result<()> {
    let loaded = config::load(flags)?;
    let _log = telemetry::start(&loaded, flags)?;
    let own = OwnAccount::configured(&loaded)?;
    let tenants = tenants::read(&loaded, own.as_ref())?;
    let settings = event_service::read(&loaded, own.as_ref())?;
    let mut asked = EndRequests::listen()?;
    drop(early_end);
    let mut service = settings.start_embedded(&tenants, args, Arc::new(SystemClock))?;
    warning::log(in_the_clear::find_of_embedded(&loaded.config));
    warning::log(key_files::find_open(&loaded.config));
    output::line(&format!("The event service is ready at http://{}", service.address()));
    tokio::select! {
        () = asked.next() => {}
        ended = service.ended() => return Ok(ended?),
    }
    Ok(service.stop().await?)
}
