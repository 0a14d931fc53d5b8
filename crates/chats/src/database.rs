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
    let store = connect(loaded, URL, &url).await?;
    if loaded.config.database.migrate {
        store.migrate().await?;
    } else if !store.pending_migrations().await?.is_empty() {
        bail!(NOT_UP_TO_DATE);
    }
    Ok((store, url.to_string()))
}

const NOT_UP_TO_DATE: &str =
    "the database is not up to date: run 'chats migrate', or set database.migrate";

/// The replica of the database, if there is one. It need not be there.
pub(crate) async fn open_replica(loaded: &Loaded) -> Result<Option<DieselStore>> {
    let Some(url) = replica_url(loaded)? else {
        return Ok(None);
    };
    connect(loaded, REPLICA_URL, &url).await.map(Some)
}

const URL: &str = "database.url";
const REPLICA_URL: &str = "database.replica_url";

/// Reads what the configuration says of the database, and the files that it names.
pub(crate) fn read(loaded: &Loaded) -> Result<DatabaseUrl> {
    let url = url_to_serve_from(loaded)?;
    url.check_tls().map_err(|error| loaded.error(URL, chain(&error)))?;
    Ok(url)
}

/// Reads what the configuration says of the replica, and the files that it names.
pub(crate) fn read_replica(loaded: &Loaded) -> Result<Option<DatabaseUrl>> {
    let url = replica_url(loaded)?;
    if let Some(url) = &url {
        url.check_tls().map_err(|error| loaded.error(REPLICA_URL, chain(&error)))?;
    }
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
    let pending = connect(loaded, URL, &url).await?.pending_migrations().await?;
    match pending.len() {
        0 => Ok(format!("{url} is up to date")),
        _ if !migrates => bail!(NOT_UP_TO_DATE),
        count => Ok(format!("{url} answers; migrations to apply at the start: {count}")),
    }
}

/// Looks at the replica at this URL. Returns what there is to say.
pub(crate) async fn look_at_replica(loaded: &Loaded, url: &DatabaseUrl) -> Result<String> {
    let pending = connect(loaded, REPLICA_URL, url).await?.pending_migrations().await;
    let pending = pending.map_err(|error| loaded.error(REPLICA_URL, chain(&error)))?;
    Ok(if pending.is_empty() {
        format!("{url} answers")
    } else {
        format!("{url} answers; migrations that have yet to reach it: {}", pending.len())
    })
}

/// Brings the database up to date. Returns the names of the migrations that were applied.
///
/// With settings for a pooler, the URL has to have been given for this very run: that of the server itself.
pub(crate) async fn migrate(loaded: &Loaded, is_given: bool) -> Result<Vec<String>> {
    let url = url(loaded)?;
    if !is_given && has_no_session(loaded, &url) {
        bail!(loaded.error("database.prepared_statements", NO_SESSION));
    }
    let store = connect(loaded, URL, &url).await?;
    Ok(store.migrate().await?)
}

/// The names of the migrations that the database has not seen. Changes nothing.
pub(crate) async fn pending(loaded: &Loaded) -> Result<Vec<String>> {
    Ok(connect(loaded, URL, &url(loaded)?).await?.pending_migrations().await?)
}

async fn connect(loaded: &Loaded, key: &str, url: &DatabaseUrl) -> Result<DieselStore> {
    let max_connections = loaded.config.database.max_connections.into();
    let settings = PoolSettings {
        max_connections,
        acquire_timeout: ACQUIRE_TIMEOUT,
        answer_timeout: ANSWER_TIMEOUT,
    };
    let connected = DieselStore::connect(url, settings, Handle::current()).await;
    connected.map_err(|error| match error {
        SetupError::Tls(error) => loaded.error(key, chain(&error)).into(),
        error => anyhow::Error::new(error).context("the database"),
    })
}

/// The URL, if the service can start with it. A lock of a session keeps instances from migrating at once, and
/// behind a pooler that prepares no statements nobody has a session.
fn url_to_serve_from(loaded: &Loaded) -> Result<DatabaseUrl> {
    let url = url(loaded)?;
    if loaded.config.database.migrate && has_no_session(loaded, &url) {
        bail!(loaded.error("database.migrate", NO_SESSION));
    }
    Ok(url)
}

fn has_no_session(loaded: &Loaded, url: &DatabaseUrl) -> bool {
    url.sqlite_file().is_none() && !loaded.config.database.prepared_statements
}

const NO_SESSION: &str = "database.prepared_statements = false means a pooler, through which no migration can \
                          go: set database.migrate to false, and run 'chats migrate --database-url' with \
                          the URL of the server itself";

fn url(loaded: &Loaded) -> Result<DatabaseUrl> {
    let Some(url) = &loaded.config.database.url else {
        let file = loaded.config.data_dir().join("chats.sqlite");
        return Ok(format!("sqlite:{}", file.display()).parse()?);
    };
    let url: DatabaseUrl =
        url.parse().map_err(|error: InvalidDatabaseUrl| loaded.error(URL, error))?;
    Ok(settled(loaded, URL, url))
}

fn replica_url(loaded: &Loaded) -> Result<Option<DatabaseUrl>> {
    let Some(replica) = &loaded.config.database.replica_url else {
        return Ok(None);
    };
    if url(loaded)?.sqlite_file().is_some() {
        bail!(loaded.error(REPLICA_URL, "an SQLite database has no replica"));
    }
    let replica = DatabaseUrl::of_a_replica(replica);
    let replica = replica.map_err(|error| loaded.error(REPLICA_URL, error))?;
    Ok(Some(settled(loaded, REPLICA_URL, replica)))
}

/// The URL that is the value of `key`, as the other settings have it.
fn settled(loaded: &Loaded, key: &str, url: DatabaseUrl) -> DatabaseUrl {
    let url = url.relative_to(&loaded.directory_of(key));
    if loaded.config.database.prepared_statements { url } else { url.without_prepared_statements() }
}
