//! The database that the configuration names, or a file in the data directory.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use chats_store::{DatabaseUrl, DieselStore, InvalidDatabaseUrl, PoolSettings, SetupError};
use tokio::runtime::Handle;

use crate::config::Loaded;
use crate::error_chain::chain;

/// How long a request waits for a connection, and how long for an answer: together shorter than the ten
/// seconds after which the platform's clients give up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the database and brings it up to date, or checks that it is. Returns its name, too.
pub(crate) async fn open(loaded: &Loaded) -> Result<(DieselStore, String)> {
    let url = url_to_serve_from(loaded)?;
    let store = connect(loaded, &url).await?;
    if loaded.config.database.migrate {
        store.migrate().await?;
    } else if !store.pending_migrations().await?.is_empty() {
        bail!(NOT_UP_TO_DATE);
    }
    Ok((store, url.to_string()))
}

const NOT_UP_TO_DATE: &str =
    "the database is not up to date: run 'chats migrate', or set database.migrate";

/// Reads what the configuration says of the database, and the files that it names.
pub(crate) fn read(loaded: &Loaded) -> Result<DatabaseUrl> {
    let url = url_to_serve_from(loaded)?;
    url.check_tls().map_err(|error| loaded.error("database.url", chain(&error)))?;
    Ok(url)
}

/// Looks at the database as [`open`] would find it, and changes nothing. Returns what there is to say.
pub(crate) async fn look(loaded: &Loaded) -> Result<String> {
    let url = url(loaded)?;
    let migrates = loaded.config.database.migrate;
    if url.sqlite_file().is_some_and(|file| !file.exists()) {
        ensure!(migrates, NOT_UP_TO_DATE);
        return Ok(format!("{url} is not there yet, and will be made"));
    }
    let pending = connect(loaded, &url).await?.pending_migrations().await?;
    match pending.len() {
        0 => Ok(format!("{url} is up to date")),
        _ if !migrates => bail!(NOT_UP_TO_DATE),
        count => Ok(format!("{url} answers; migrations to apply at the start: {count}")),
    }
}

/// Brings the database up to date. Returns the names of the migrations that were applied.
pub(crate) async fn migrate(loaded: &Loaded) -> Result<Vec<String>> {
    let store = connect(loaded, &url(loaded)?).await?;
    Ok(store.migrate().await?)
}

/// The names of the migrations that the database has not seen. Changes nothing.
pub(crate) async fn pending(loaded: &Loaded) -> Result<Vec<String>> {
    Ok(connect(loaded, &url(loaded)?).await?.pending_migrations().await?)
}

async fn connect(loaded: &Loaded, url: &DatabaseUrl) -> Result<DieselStore> {
    let max_connections = loaded.config.database.max_connections.into();
    let settings = PoolSettings {
        max_connections,
        acquire_timeout: ACQUIRE_TIMEOUT,
        answer_timeout: ANSWER_TIMEOUT,
    };
    let connected = DieselStore::connect(url, settings, Handle::current()).await;
    connected.map_err(|error| match error {
        SetupError::Tls(error) => loaded.error("database.url", chain(&error)).into(),
        error => anyhow::Error::new(error).context("the database"),
    })
}

/// The URL, if the service can start with it. A lock of a session keeps instances from migrating at once, and
/// behind a pooler that prepares no statements nobody has a session.
fn url_to_serve_from(loaded: &Loaded) -> Result<DatabaseUrl> {
    let url = url(loaded)?;
    let settings = &loaded.config.database;
    if url.sqlite_file().is_none() && settings.migrate && !settings.prepared_statements {
        bail!(loaded.error("database.migrate", NO_SESSION));
    }
    Ok(url)
}

const NO_SESSION: &str = "database.prepared_statements = false means a pooler, through which no migration can \
                          go: set this to false, and run 'chats migrate --database-url' with the URL of \
                          the server itself";

fn url(loaded: &Loaded) -> Result<DatabaseUrl> {
    let Some(url) = &loaded.config.database.url else {
        let file = loaded.config.data_dir().join("chats.sqlite");
        return Ok(format!("sqlite:{}", file.display()).parse()?);
    };
    let url: DatabaseUrl =
        url.parse().map_err(|error: InvalidDatabaseUrl| loaded.error("database.url", error))?;
    let url = url.relative_to(&loaded.directory_of("database.url"));
    Ok(if loaded.config.database.prepared_statements {
        url
    } else {
        url.without_prepared_statements()
    })
}
