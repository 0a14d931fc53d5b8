use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::postgres::{PostgresUrl, Role, TlsError};

/// Where the chats are: `postgres://user:password@host/database` (`postgresql:` will do as well), or
/// `sqlite:path/to/file` (`sqlite://path/to/file` will do as well).
///
/// Of several PostgreSQL hosts, `postgres://user:password@host,host/database`, the one that takes writes is used.
///
/// It never shows a password.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Postgres(Box<PostgresUrl>),
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
    /// It asks for a server that may not take writes.
    #[error(
        "the service writes, so that target_session_attrs can be none but read-write, which it is \
         in any case, or primary"
    )]
    NotToBeWritten,
    /// It asks for one replica rather than another.
    #[error(
        "of the hosts of a replica any one is read from, so that target_session_attrs can be none \
         but any, which it is in any case"
    )]
    NotAnyReplica,
    /// It names a replica that there cannot be.
    #[error("a replica is one of PostgreSQL: its URL begins with postgres://")]
    ReplicaNotOfPostgres,
    /// It asks for TLS in a way that there is not.
    #[error("sslmode is none of disable, prefer, require, verify-ca, verify-full")]
    UnknownSslMode,
    /// It asks for a verified server, and does not say by what.
    #[error(
        "sslmode=verify-ca and verify-full need a file of root certificates, sslrootcert=FILE; \
         verify-full may use those of the system, sslrootcert=system"
    )]
    NoRoots,
    /// It trusts whoever has any certificate from a public authority, as anyone can.
    #[error("sslrootcert=system goes with sslmode=verify-full alone")]
    SystemRootsNeedVerifyFull,
    /// It names roots, and does not insist on what they are for.
    #[error(
        "sslrootcert verifies nobody where TLS is not required: write sslmode=verify-full, too"
    )]
    RootsNeedTls,
    /// It names one without the other.
    #[error("sslcert and sslkey go together")]
    CertificateWithoutKey,
    /// It names no file.
    #[error("the SQLite URL is not of the form sqlite:path/to/file")]
    NoSqliteFile,
    /// Such a database is another one for each connection.
    #[error("an SQLite database in memory cannot be shared: name a file")]
    SqliteInMemory,
}

impl DatabaseUrl {
    /// Parses the URL of a replica of a database, from which is only read. Of several hosts, any one is used
    /// that answers.
    pub fn of_a_replica(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        if is_of_postgres(url) {
            return Ok(Self(Kind::Postgres(Box::new(PostgresUrl::parse(url, Role::Replica)?))));
        }
        Err(InvalidDatabaseUrl::ReplicaNotOfPostgres)
    }

    /// The same database, where the relative paths of an SQLite file and of certificates start in
    /// `directory`.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self.0 {
            Kind::Sqlite(path) => Self(Kind::Sqlite(directory.join(path))),
            Kind::Postgres(url) => Self(Kind::Postgres(Box::new(url.relative_to(directory)))),
        }
    }

    /// The same database, to which each statement is sent whole, so that it may be carried out on any connection
    /// of the server: what is at the URL is a pooler that gives each transaction another one. SQLite has none.
    #[must_use]
    pub fn without_prepared_statements(self) -> Self {
        match self.0 {
            Kind::Sqlite(_) => self,
            Kind::Postgres(url) => {
                Self(Kind::Postgres(Box::new(url.without_prepared_statements())))
            }
        }
    }

    /// The file, if it is an SQLite database.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Sqlite(path) => Some(path),
            Kind::Postgres(_) => None,
        }
    }

    /// Whether its server may be on another machine, and nobody verifies who answers there: what is not
    /// `sslmode=verify-full`.
    #[must_use]
    pub fn is_remote_and_unverified(&self) -> bool {
        match &self.0 {
            Kind::Sqlite(_) => false,
            Kind::Postgres(url) => url.is_remote_and_unverified(),
        }
    }

    /// Reads the files that TLS to the database takes, as connecting does.
    pub fn check_tls(&self) -> Result<(), TlsError> {
        match &self.0 {
            Kind::Sqlite(_) => Ok(()),
            Kind::Postgres(url) => url.check_tls(),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite(path.strip_prefix("//").unwrap_or(path));
        }
        if is_of_postgres(url) {
            return Ok(Self(Kind::Postgres(Box::new(PostgresUrl::parse(url, Role::Primary)?))));
        }
        Err(InvalidDatabaseUrl::UnknownDatabase)
    }
}

fn is_of_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn sqlite(path: &str) -> Result<DatabaseUrl, InvalidDatabaseUrl> {
    match path {
        "" => Err(InvalidDatabaseUrl::NoSqliteFile),
        ":memory:" => Err(InvalidDatabaseUrl::SqliteInMemory),
        path => Ok(DatabaseUrl(Kind::Sqlite(path.into()))),
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Kind::Postgres(url) => {
                let servers: Vec<_> = url.servers().into_iter().map(|it| it.name).collect();
                write!(f, "postgres://{}/{}", servers.join(","), url.database())
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
            ("postgres:///chats?hostaddr=10.0.0.1&port=5433", "postgres://10.0.0.1:5433/chats"),
            ("postgres://one,other:5433/chats", "postgres://one:5432,other:5433/chats"),
            (
                "postgres://one,other/chats?target_session_attrs=read-write",
                "postgres://one:5432,other:5432/chats",
            ),
            (
                "postgres:///chats?host=one&host=other&port=6432&target_session_attrs=primary",
                "postgres://one:6432,other:6432/chats",
            ),
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
            ("postgres://host/chats?colour=blue", InvalidDatabaseUrl::MalformedPostgres),
            ("postgres:///chats", InvalidDatabaseUrl::MalformedPostgres),
            (
                "postgres:///chats?host=a&host=b&host=c&port=1,2",
                InvalidDatabaseUrl::MalformedPostgres,
            ),
            ("postgres:///chats?host=a,b", InvalidDatabaseUrl::MalformedPostgres),
            ("postgres://a,b/chats?hostaddr=10.0.0.1", InvalidDatabaseUrl::MalformedPostgres),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap_err(), why, "{url}");
        }
    }

    #[test]
    fn a_server_that_may_not_take_writes_is_not_asked_for() {
        for attributes in ["any", "read-only", "standby", "prefer-standby", "read%2Donly", ""] {
            let url = format!("postgres://one,other/chats?target_session_attrs={attributes}");
            let why = url.parse::<DatabaseUrl>().unwrap_err();
            assert_eq!(why, InvalidDatabaseUrl::NotToBeWritten, "{url}");
        }
    }

    #[test]
    fn of_a_replica_any_host_will_do() {
        for url in
            ["postgres://one,other/chats", "postgres://one,other/chats?target_session_attrs=any"]
        {
            let parsed = DatabaseUrl::of_a_replica(url).unwrap();
            assert_eq!(parsed.to_string(), "postgres://one:5432,other:5432/chats");
        }
        for attributes in ["read-write", "primary", "standby", "read-only"] {
            let url = format!("postgres://one,other/chats?target_session_attrs={attributes}");
            let why = DatabaseUrl::of_a_replica(&url).unwrap_err();
            assert_eq!(why, InvalidDatabaseUrl::NotAnyReplica, "{url}");
        }
        for url in ["sqlite:chats.db", "mysql://host/chats", ""] {
            let why = DatabaseUrl::of_a_replica(url).unwrap_err();
            assert_eq!(why, InvalidDatabaseUrl::ReplicaNotOfPostgres, "{url}");
        }
    }

    #[test]
    fn who_asks_for_tls_that_there_is_not_hears_why() {
        use InvalidDatabaseUrl::*;

        for (parameters, why) in [
            ("sslmode=maybe", UnknownSslMode),
            ("sslmode=", UnknownSslMode),
            ("sslmode=maybe&sslrootcert=root.pem", UnknownSslMode),
            ("sslmode=verify-ca", NoRoots),
            ("sslmode=verify-full", NoRoots),
            ("application_name=chats&sslmode=verify-full", NoRoots),
            ("sslmode=verify%2Dfull", NoRoots),
            ("ssl%6Dode=verify-full", NoRoots),
            ("sslmode=disable&sslmode=verify-full", NoRoots),
            ("sslmode=verify-ca&sslrootcert=system", SystemRootsNeedVerifyFull),
            ("sslmode=require&sslrootcert=system", SystemRootsNeedVerifyFull),
            ("sslmode=disable&sslrootcert=system", SystemRootsNeedVerifyFull),
            ("sslrootcert=root.pem", RootsNeedTls),
            ("sslmode=prefer&sslrootcert=root.pem", RootsNeedTls),
            ("sslmode=require&sslcert=chats.pem", CertificateWithoutKey),
            ("sslkey=chats.key", CertificateWithoutKey),
            ("sslcrl=revoked.pem", MalformedPostgres),
        ] {
            let url = format!("postgres://me:what?@host/chats?{parameters}");
            assert_eq!(url.parse::<DatabaseUrl>().unwrap_err(), why, "{url}");
        }
    }

    #[test]
    fn the_words_of_libpq_for_tls_are_understood() {
        for parameters in [
            "sslmode=disable",
            "sslmode=disable&sslrootcert=root.pem",
            "sslmode=prefer",
            "sslmode=require",
            "sslmode=require&sslrootcert=root.pem",
            "sslrootcert=root.pem&sslmode=verify-ca",
            "sslmode=verify-full&sslrootcert=root.pem&application_name=chats",
            "sslmode=verify-full&sslrootcert=system",
            "sslrootcert=system",
            "sslmode=require&sslcert=chats.pem&sslkey=chats.key",
            "channel_binding=require&sslmode=require",
        ] {
            let url = format!("postgres://me:what?@host/chats?{parameters}");
            let shown = url.parse::<DatabaseUrl>().unwrap().to_string();
            assert_eq!(shown, "postgres://host:5432/chats", "{url}");
        }
    }

    #[test]
    fn a_server_on_another_machine_is_verified_by_verify_full_alone() {
        for (url, is_unverified) in [
            ("postgres://db.example.org/chats", true),
            ("postgres://me:what?@db/chats", true),
            ("postgres://me:?sslmode=verify-full&sslrootcert=a@db/chats", true),
            ("postgres://db/chats?sslmode=disable", true),
            ("postgres://db/chats?sslmode=prefer", true),
            ("postgres://db/chats?sslmode=require", true),
            ("postgres://db/chats?sslmode=verify-ca&sslrootcert=ca.pem", true),
            ("postgres://db/chats?sslmode=verify-full&sslrootcert=a&sslmode=require", true),
            ("postgres://localhost,db/chats", true),
            ("postgres://localhost/chats?hostaddr=10.0.0.1", true),
            ("postgres:///chats?hostaddr=10.0.0.1", true),
            ("postgres://db/chats?sslmode=verify-full&sslrootcert=ca.pem", false),
            ("postgres://me:what?@db/chats?sslmode=verify%2Dfull&sslrootcert=ca.pem", false),
            ("postgres://db/chats?sslrootcert=system", false),
            ("postgres://db/chats?hostaddr=127.0.0.1", false),
            ("postgres://localhost:5433/chats?sslmode=disable", false),
            ("postgres://me:secret@127.0.0.1:15432/chats", false),
            ("postgres://[::1]/chats", false),
            ("postgres://%2Frun%2Fpostgresql/chats", false),
            ("sqlite:chats.db", false),
        ] {
            let parsed: DatabaseUrl = url.parse().unwrap();
            assert_eq!(parsed.is_remote_and_unverified(), is_unverified, "{url}");
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
