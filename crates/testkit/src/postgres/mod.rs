//! PostgreSQL to throw away.
//!
//! [`database`] is what most tests need. [`Cluster`] is for those who stop the server, and for who
//! starts one for many test processes and names it in [`URL_VARIABLE`]; [`Pair`] is for failovers, and a
//! [`Pooler`] stands between a database and who uses it.

mod binaries;
mod cluster;
mod pair;
mod pooler;
mod processes;
mod user;

use std::env;

pub use binaries::{Binaries, BinariesNotFound, find_binaries};
pub use cluster::{Cluster, ClusterError, free_port};
pub use pair::Pair;
pub use pooler::{Pooler, PoolerError, find_pooler};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_postgres::NoTls;
use url::Url;
pub use user::NoUser;
use uuid::Uuid;

/// The environment variable that names a running server to use, by an administrator's URL.
pub const URL_VARIABLE: &str = "TEST_POSTGRES_URL";

/// Why there is no database to test with.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No server runs, and none could be started.
    #[error("there is no PostgreSQL server to test with")]
    NoServer(#[from] ClusterError),
    /// The server's URL is none.
    #[error("the URL of the PostgreSQL server is malformed")]
    MalformedUrl(#[from] url::ParseError),
    /// The server did not create the database.
    #[error("the PostgreSQL server did not create a database")]
    NotCreated(#[from] tokio_postgres::Error),
}

/// Creates an empty database for one test, and returns its URL.
///
/// It is on the server that [`URL_VARIABLE`] names, else on a cluster that this process starts at the
/// first call and that goes when the process ends. The database is not dropped: the cluster is.
pub async fn database() -> Result<String, DatabaseError> {
    database_on(&server_url().await?).await
}

/// Creates an empty database on the server of this administrator's URL, and returns its URL.
pub async fn database_on(server: &str) -> Result<String, DatabaseError> {
    let mut url = Url::parse(server)?;
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    tokio::spawn(connection);

    let name = format!("chats_test_{}", Uuid::new_v4().simple());
    // From template0: nobody can be connected to it, which would stop the copy.
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    client.batch_execute(&create).await?;
    url.set_path(&name);
    Ok(url.into())
}

async fn server_url() -> Result<String, ClusterError> {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

    if let Ok(url) = env::var(URL_VARIABLE) {
        return Ok(url);
    }
    let start = || async {
        spawn_blocking(Cluster::start)
            .await
            .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    };
    Ok(CLUSTER.get_or_try_init(start).await?.url())
}
