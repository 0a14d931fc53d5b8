use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio_postgres::config::{Host, SslMode};

/// Where the chats are: `postgres://user:password@host/database` (`postgresql:` will do as well), or
/// `sqlite:path/to/file` (`sqlite://path/to/file` will do as well).
///
/// It never shows a password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Postgres(Box<tokio_postgres::Config>),
    Sqlite(PathBuf),
}

/// Why a text is not the URL of a database. No part of the text is repeated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// It begins with the name of no database that we know.
    #[error("the database's URL begins neither with postgres:// nor with sqlite:")]
    UnknownDatabase,
    /// It is malformed.
    #[error("the PostgreSQL URL is not of the form postgres://user:password@host:port/database")]
    MalformedPostgres,
    /// An `@` in a password would make the rest of the password look like the host.
    #[error(
        "the PostgreSQL URL has more than one @: write %40 for one in a user's name or password"
    )]
    AmbiguousPostgres,
    /// It asks for what we do not speak.
    #[error("the PostgreSQL URL asks for TLS, which is not supported")]
    TlsNotSupported,
    /// It names no file.
    #[error("the SQLite URL is not of the form sqlite:path/to/file")]
    NoSqliteFile,
    /// Such a database is another one for each connection.
    #[error("an SQLite database in memory cannot be shared: name a file")]
    SqliteInMemory,
}

impl DatabaseUrl {
    /// The same database, where the relative path of an SQLite file starts in `directory`.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self.0 {
            Kind::Sqlite(path) => Self(Kind::Sqlite(directory.join(path))),
            postgres @ Kind::Postgres(_) => Self(postgres),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite(path.strip_prefix("//").unwrap_or(path));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return postgres(url);
        }
        Err(InvalidDatabaseUrl::UnknownDatabase)
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, InvalidDatabaseUrl> {
    match path {
        "" => Err(InvalidDatabaseUrl::NoSqliteFile),
        ":memory:" => Err(InvalidDatabaseUrl::SqliteInMemory),
        path => Ok(DatabaseUrl(Kind::Sqlite(path.into()))),
    }
}

fn postgres(url: &str) -> Result<DatabaseUrl, InvalidDatabaseUrl> {
    let config: tokio_postgres::Config = url.parse().map_err(|_| why_malformed(url))?;
    let has_an_at = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    if config.get_hosts().iter().any(has_an_at) {
        return Err(InvalidDatabaseUrl::AmbiguousPostgres);
    }
    match config.get_ssl_mode() {
        SslMode::Disable | SslMode::Prefer => Ok(DatabaseUrl(Kind::Postgres(Box::new(config)))),
        _ => Err(InvalidDatabaseUrl::TlsNotSupported),
    }
}

/// `verify-ca` and `verify-full` are not parsed, nor are the certificates that may come with them.
fn why_malformed(url: &str) -> InvalidDatabaseUrl {
    const TLS: [&str; 3] = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];
    if url.split(['?', '&']).any(|parameter| TLS.contains(&parameter)) {
        return InvalidDatabaseUrl::TlsNotSupported;
    }
    InvalidDatabaseUrl::MalformedPostgres
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Kind::Postgres(config) => {
                f.write_str("postgres://")?;
                for (number, host) in config.get_hosts().iter().enumerate() {
                    let comma = if number == 0 { "" } else { "," };
                    match host {
                        Host::Tcp(name) => write!(f, "{comma}{name}")?,
                        Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
                    }
                    if let Some(port) = config.get_ports().get(number) {
                        write!(f, ":{port}")?;
                    }
                }
                write!(f, "/{}", config.get_dbname().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_names_the_database() {
        for (url, shown) in [
            ("sqlite:chats.db", "sqlite:chats.db"),
            ("sqlite:data/chats.db", "sqlite:data/chats.db"),
            ("sqlite://data/chats.db", "sqlite:data/chats.db"),
            ("sqlite:/var/lib/chats.db", "sqlite:/var/lib/chats.db"),
            ("sqlite:///var/lib/chats.db", "sqlite:/var/lib/chats.db"),
            ("postgres://db.example.org/chats", "postgres://db.example.org:5432/chats"),
            ("postgresql://me@127.0.0.1:15432/chats", "postgres://127.0.0.1:15432/chats"),
            ("postgres://one,other:5433/chats", "postgres://one:5432,other:5433/chats"),
            ("postgres://%2Frun%2Fpostgresql/chats", "postgres:///run/postgresql:5432/chats"),
        ] {
            let parsed: DatabaseUrl = url.parse().unwrap();
            assert_eq!(parsed.to_string(), shown);
        }
    }

    #[test]
    fn a_relative_path_starts_in_a_directory_and_an_absolute_one_does_not() {
        for (url, shown) in [
            ("sqlite:data/chats.db", "sqlite:/etc/chats/data/chats.db"),
            ("sqlite:/var/lib/chats.db", "sqlite:/var/lib/chats.db"),
            ("postgres://host/chats", "postgres://host:5432/chats"),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert_eq!(url.relative_to(Path::new("/etc/chats")).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused() {
        for (url, why) in [
            ("", InvalidDatabaseUrl::UnknownDatabase),
            ("chats.db", InvalidDatabaseUrl::UnknownDatabase),
            ("mysql://host/chats", InvalidDatabaseUrl::UnknownDatabase),
            ("sqlite:", InvalidDatabaseUrl::NoSqliteFile),
            ("sqlite://", InvalidDatabaseUrl::NoSqliteFile),
            ("sqlite::memory:", InvalidDatabaseUrl::SqliteInMemory),
            ("sqlite://:memory:", InvalidDatabaseUrl::SqliteInMemory),
            ("postgres://host:port/chats", InvalidDatabaseUrl::MalformedPostgres),
            ("postgres://me:a@b@host/chats", InvalidDatabaseUrl::AmbiguousPostgres),
            ("postgres://host/chats?sslmode=maybe", InvalidDatabaseUrl::MalformedPostgres),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap_err(), why, "{url}");
        }
    }

    #[test]
    fn who_asks_for_tls_hears_that_there_is_none() {
        for parameters in [
            "sslmode=require",
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "application_name=chats&sslmode=verify-full",
            "sslrootcert=/etc/ssl/root.pem&sslmode=require",
            "sslmode=verify-full&sslrootcert=/etc/ssl/root.pem",
        ] {
            let url = format!("postgres://me:what?@host/chats?{parameters}");
            let refused = url.parse::<DatabaseUrl>().unwrap_err();
            assert_eq!(refused, InvalidDatabaseUrl::TlsNotSupported, "{url}");
        }
        for parameters in ["sslmode=disable", "sslmode=prefer"] {
            let url = format!("postgres://host/chats?{parameters}");
            assert!(url.parse::<DatabaseUrl>().is_ok(), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://me:secret@host/chats",
            "postgres://me:%73ecret@host/chats",
            "postgres://host/chats?user=me&password=secret",
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            let shown = format!("{url} {url:?}");
            assert!(shown.contains("host") && !shown.contains("secret"), "{shown}");
        }
    }
}
