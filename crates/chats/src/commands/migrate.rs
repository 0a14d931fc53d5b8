use anyhow::Result;

use crate::config::{self, Flags};
use crate::{database, output, telemetry};

/// Applies the pending migrations, and names them.
pub(crate) async fn migrate(flags: &Flags) -> Result<()> {
    let loaded = config::load(flags)?;
    telemetry::start(&loaded, flags)?;
    let applied = database::migrate(&loaded).await?;
    if applied.is_empty() {
        output::line("The database is up to date.");
    }
    for migration in applied {
        output::line(&format!("applied {migration}"));
    }
    Ok(())
}
