use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::server::Server;
use super::tls::{Tls, TlsError, TlsParameters};
use crate::InvalidDatabaseUrl;

/// A PostgreSQL URL, parsed.
#[derive(Clone)]
pub(crate) struct PostgresUrl {
    config: Config,
    pub(super) tls: Tls,
    pub(super) role: Role,
    /// Whether the server knows a prepared statement again.
    pub(super) prepares_statements: bool,
}

/// What a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It takes writes, and its answers count as they are.
    Primary,
    /// It is read from alone, by who knows that it lags behind.
    Replica,
}

impl Role {
    /// The words of libpq for such a server. It is what is looked for in any case.
    fn is_asked_for_by(self, attributes: &str) -> bool {
        match self {
            Self::Primary => matches!(attributes, "read-write" | "primary"),
            Self::Replica => attributes == "any",
        }
    }

    fn session_attributes(self) -> TargetSessionAttrs {
        match self {
            Self::Primary => TargetSessionAttrs::ReadWrite,
            Self::Replica => TargetSessionAttrs::Any,
        }
    }

    fn misunderstood(self) -> InvalidDatabaseUrl {
        match self {
            Self::Primary => InvalidDatabaseUrl::NotToBeWritten,
            Self::Replica => InvalidDatabaseUrl::NotAnyReplica,
        }
    }
}

impl PostgresUrl {
    /// Parses a URL as libpq does. The driver knows few of the parameters that speak of TLS, and not all
    /// words for which server is wanted, so these are taken out before it gets to see the rest.
    pub(crate) fn parse(url: &str, role: Role) -> Result<Self, InvalidDatabaseUrl> {
        let (url, query) = split_query(url);
        let Parameters { tls, others } = parameters(query, role)?;
        let url = if others.is_empty() { Cow::from(url) } else { format!("{url}?{others}").into() };
        let mut config: Config = url.parse().map_err(|_| InvalidDatabaseUrl::MalformedPostgres)?;
        let has_an_at = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(has_an_at) {
            return Err(InvalidDatabaseUrl::AmbiguousPostgres);
        }
        if config.get_hosts().is_empty() {
            // Without a name of the server the driver speaks no TLS.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        if !is_well_formed(&config) {
            return Err(InvalidDatabaseUrl::MalformedPostgres);
        }
        // Of the servers, only one that takes writes is of use as a primary, also where there is but one.
        config.target_session_attrs(role.session_attributes());
        let mut tls = Tls::try_from(tls)?;
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
            // There is no TLS on Unix sockets, and libpq heeds no `sslmode` there.
            tls = Tls::Disabled;
        }
        config.ssl_mode(match tls {
            Tls::Disabled => SslMode::Disable,
            Tls::Preferred { .. } => SslMode::Prefer,
            Tls::Required { .. } => SslMode::Require,
        });
        Ok(Self { config, tls, role, prepares_statements: true })
    }

    /// The servers, in the order of the URL. There is at least one.
    pub(crate) fn servers(&self) -> Vec<Server> {
        Server::all_of(&self.config)
    }

    /// The same, where statements are not prepared.
    pub(crate) fn without_prepared_statements(mut self) -> Self {
        self.prepares_statements = false;
        self
    }

    /// The name of the database.
    pub(crate) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// Whether its server may be on another machine, and nobody verifies who answers there.
    pub(crate) fn is_remote_and_unverified(&self) -> bool {
        self.is_remote() && !self.tls.verifies_the_host()
    }

    /// Whether one of its hosts may be another machine. Where there are addresses, they are what counts.
    fn is_remote(&self) -> bool {
        let addresses = self.config.get_hostaddrs();
        if !addresses.is_empty() {
            return addresses.iter().any(|address| !address.is_loopback());
        }
        self.config.get_hosts().iter().any(|host| match host {
            Host::Unix(_) => false,
            Host::Tcp(name) if name == "localhost" => false,
            Host::Tcp(name) => !name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        })
    }

    /// Reads the files that TLS takes.
    pub(crate) fn check_tls(&self) -> Result<(), TlsError> {
        self.tls.connector().map(drop)
    }

    /// The same, where relative paths of files start in `directory`.
    pub(crate) fn relative_to(mut self, directory: &Path) -> Self {
        for path in self.tls.files_mut() {
            *path = directory.join(&path);
        }
        self
    }
}

/// Splits where the driver does. A `?` before the first `@` is part of a password.
fn split_query(url: &str) -> (&str, &str) {
    let after_credentials = url.find('@').map_or(0, |at| at + 1);
    let Some(mark) = url[after_credentials..].find('?') else {
        return (url, "");
    };
    let (url, query) = url.split_at(after_credentials + mark);
    (url, &query[1..])
}

/// Whether each host has its address and its port; one port may be that of all. The driver takes `host=a,b` for
/// one name.
fn is_well_formed(config: &Config) -> bool {
    if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains(','))) {
        return false;
    }
    let hosts = config.get_hosts().len();
    let [addresses, ports] = [config.get_hostaddrs().len(), config.get_ports().len()];
    hosts > 0 && (addresses == 0 || addresses == hosts) && (ports <= 1 || ports == hosts)
}

struct Parameters {
    tls: TlsParameters,
    /// Those that are left to the driver, as they are.
    others: String,
}

fn parameters(query: &str, role: Role) -> Result<Parameters, InvalidDatabaseUrl> {
    let (mut tls, mut others) = (TlsParameters::default(), Vec::new());
    for parameter in query.split('&') {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let key = decoded(key)?;
        if let Some(slot) = tls.slot(&key) {
            *slot = Some(decoded(value)?.into_owned());
        } else if key == "target_session_attrs" {
            if !role.is_asked_for_by(&decoded(value)?) {
                return Err(role.misunderstood());
            }
        } else {
            others.push(parameter);
        }
    }
    Ok(Parameters { tls, others: others.join("&") })
}

fn decoded(text: &str) -> Result<Cow<'_, str>, InvalidDatabaseUrl> {
    percent_decode_str(text).decode_utf8().map_err(|_| InvalidDatabaseUrl::MalformedPostgres)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_asked_for_tls_as_the_url_says() {
        for (url, mode) in [
            ("postgres://host/chats", SslMode::Prefer),
            ("postgres://host/chats?sslmode=disable", SslMode::Disable),
            ("postgres://host/chats?sslmode=require", SslMode::Require),
            ("postgres://host/chats?sslmode=verify-ca&sslrootcert=r", SslMode::Require),
            ("postgres://host/chats?sslrootcert=system", SslMode::Require),
            ("postgres://me:?sslmode=disable@host/chats", SslMode::Prefer),
            ("postgres://%2Frun%2Fpostgresql/chats?sslmode=require", SslMode::Disable),
            ("postgres:///chats?host=/run/postgresql", SslMode::Disable),
            ("postgres://%2Frun%2Fpostgresql,host/chats?sslmode=require", SslMode::Require),
        ] {
            let parsed = PostgresUrl::parse(url, Role::Primary).unwrap();
            assert_eq!(parsed.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn the_files_of_a_url_start_in_a_directory() {
        let url = "postgres://host/chats?sslmode=verify-full&sslrootcert=ca.pem\
                   &sslcert=%2Fetc%2Fme.pem&sslkey=my%20keys/me.pem";
        let mut url =
            PostgresUrl::parse(url, Role::Primary).unwrap().relative_to(Path::new("/srv"));
        let files = url.tls.files_mut();
        let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(files, ["/srv/ca.pem", "/etc/me.pem", "/srv/my keys/me.pem"]);
    }
}
