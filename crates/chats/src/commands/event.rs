use std::sync::Arc;

use anyhow::Result;

use super::shutdown::Shutdown;
use crate::adapters::SystemClock;
use crate::cli::EventArgs;
use crate::config::{self, Flags};
use crate::{event_service, output, telemetry, tenants};

/// Serves the embedded event service alone, until the process is asked to end.
pub(crate) async fn event(flags: &Flags, args: &EventArgs) -> Result<()> {
    let loaded = config::load(flags)?;
    telemetry::start(&loaded)?;
    let tenants = tenants::read(&loaded)?;
    let settings = event_service::read(&loaded)?;
    let mut shutdown = Shutdown::listen()?;
    let mut service = settings.start_embedded(&tenants, args, Arc::new(SystemClock))?;
    output::line(&format!("The event service is ready at http://{}", service.address()));
    tokio::select! {
        () = shutdown.requested() => {}
        ended = service.ended() => return Ok(ended?),
    }
    Ok(service.stop().await?)
}
