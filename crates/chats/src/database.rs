//! The database that the configuration names, or a file in the data directory.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chats_store::{DatabaseUrl, DieselStore, InvalidDatabaseUrl, PoolSettings};
use tokio::runtime::Handle;

use crate::config::Loaded;

/// How long a request waits for a connection, and how long for an answer: together shorter than the ten
/// seconds after which the platform's clients give up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the database and brings it up to date, or checks that it is. Returns its name, too.
pub(crate) async fn open(loaded: &Loaded) -> Result<(DieselStore, String)> {
    let url = url(loaded)?;
    let store = connect(loaded, &url).await?;
    if loaded.config.database.migrate {
        store.migrate().await?;
    } else if !store.pending_migrations().await?.is_empty() {
        bail!("the database is not up to date: run 'chats migrate', or set database.migrate");
    }
    Ok((store, url.to_string()))
}

/// Brings the database up to date. Returns the names of the migrations that were applied.
pub(crate) async fn migrate(loaded: &Loaded) -> Result<Vec<String>> {
    let store = connect(loaded, &url(loaded)?).await?;
    Ok(store.migrate().await?)
}

async fn connect(loaded: &Loaded, url: &DatabaseUrl) -> Result<DieselStore> {
    let max_connections = loaded.config.database.max_connections.into();
    let settings = PoolSettings {
        max_connections,
        acquire_timeout: ACQUIRE_TIMEOUT,
        answer_timeout: ANSWER_TIMEOUT,
    };
    DieselStore::connect(url, settings, Handle::current()).await.context("the database")
}

fn url(loaded: &Loaded) -> Result<DatabaseUrl> {
    let Some(url) = &loaded.config.database.url else {
        let file = loaded.config.data_dir().join("chats.sqlite");
        return Ok(format!("sqlite:{}", file.display()).parse()?);
    };
    let url: DatabaseUrl =
        url.parse().map_err(|error: InvalidDatabaseUrl| loaded.error("database.url", error))?;
    Ok(url.relative_to(&loaded.directory_of("database.url")))
}
