use anyhow::{Result, bail};

use crate::cli::MigrateArgs;
use crate::config::{self, Flags, Loaded};
use crate::{database, output, telemetry};

const UP_TO_DATE: &str = "The database is up to date.";

/// Applies the pending migrations, and names them; or names them alone, and fails if there are any.
pub(crate) async fn migrate(flags: &Flags, args: &MigrateArgs) -> Result<()> {
    let loaded = config::load(flags)?;
    let _log = telemetry::start(&loaded, flags)?;
    if args.check {
        return check(&loaded).await;
    }
    let applied = database::migrate(&loaded, flags.database_url.is_some()).await?;
    if applied.is_empty() {
        output::line(UP_TO_DATE);
    }
    for migration in applied {
        output::line(&format!("applied {migration}"));
    }
    Ok(())
}

async fn check(loaded: &Loaded) -> Result<()> {
    let pending = database::pending(loaded).await?;
    for migration in &pending {
        output::line(&format!("pending {migration}"));
    }
    if !pending.is_empty() {
        bail!("migrations to apply: {}", pending.len());
    }
    output::line(UP_TO_DATE);
    Ok(())
}
