use std::borrow::Cow;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Where a server listens if nothing else is said.
const DEFAULT_PORT: u16 = 5432;

/// One of the servers that a URL names: as one that the driver connects to by itself.
#[derive(Clone)]
pub(crate) struct Server {
    /// Its host and port, as the URL has them.
    pub(crate) name: String,
    pub(super) config: Config,
}

/// Where a server listens.
pub(super) enum Address<'a> {
    Tcp {
        /// The host to connect to.
        host: Cow<'a, str>,
        /// The name that stands in its certificate.
        name: &'a str,
        port: u16,
    },
    Unix(PathBuf),
}

impl Server {
    /// The servers of a configuration, in its order. Of hosts, addresses and ports there are as many, or, of
    /// the last two, none or one.
    pub(super) fn all_of(config: &Config) -> Vec<Self> {
        let hosts = config.get_hosts().iter().enumerate();
        hosts.map(|(number, host)| Self::of(config, number, host)).collect()
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Address<'_> {
        let port = self.config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
        let name = match self.config.get_hosts() {
            [Host::Unix(directory), ..] => {
                return Address::Unix(directory.join(format!(".s.PGSQL.{port}")));
            }
            [Host::Tcp(name), ..] => name.as_str(),
            [] => "",
        };
        let host = match self.config.get_hostaddrs() {
            [address, ..] => address.to_string().into(),
            [] => name.into(),
        };
        Address::Tcp { host, name, port }
    }

    fn of(all: &Config, number: usize, host: &Host) -> Self {
        let mut config = apart_from_hosts(all);
        let address = match host {
            Host::Tcp(name) => {
                config.host(name);
                name.clone()
            }
            Host::Unix(path) => {
                // There is no TLS on Unix sockets, and libpq heeds no `sslmode` there.
                config.host_path(path).ssl_mode(SslMode::Disable);
                path.display().to_string()
            }
        };
        if let Some(address) = all.get_hostaddrs().get(number) {
            config.hostaddr(*address);
        }
        let Some(port) = all.get_ports().get(number).or(all.get_ports().first()) else {
            return Self { name: address, config };
        };
        config.port(*port);
        Self { name: format!("{address}:{port}"), config }
    }
}

/// All that a configuration says but where the servers are. The driver lets nobody take hosts away.
fn apart_from_hosts(all: &Config) -> Config {
    let mut config = Config::new();
    config
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .target_session_attrs(all.get_target_session_attrs())
        .channel_binding(all.get_channel_binding())
        .load_balance_hosts(all.get_load_balance_hosts());
    if let Some(user) = all.get_user() {
        config.user(user);
    }
    if let Some(password) = all.get_password() {
        config.password(password);
    }
    if let Some(database) = all.get_dbname() {
        config.dbname(database);
    }
    if let Some(options) = all.get_options() {
        config.options(options);
    }
    if let Some(name) = all.get_application_name() {
        config.application_name(name);
    }
    if let Some(timeout) = all.get_connect_timeout() {
        config.connect_timeout(*timeout);
    }
    if let Some(timeout) = all.get_tcp_user_timeout() {
        config.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = all.get_keepalives_interval() {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        config.keepalives_retries(retries);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_server_of_a_url_is_all_that_the_url_says() {
        let url = "postgres://me:secret@db.example.org:5433/chats?options=-c%20role%3Dchats\
                   &application_name=a&sslmode=require&sslnegotiation=direct&connect_timeout=3\
                   &tcp_user_timeout=4&keepalives=0&keepalives_idle=5&keepalives_interval=6\
                   &keepalives_retries=7&target_session_attrs=read-write&channel_binding=require\
                   &load_balance_hosts=random&hostaddr=10.0.0.1";
        let config: Config = url.parse().unwrap();
        let servers = Server::all_of(&config);
        assert!(servers.len() == 1 && servers[0].config == config);
    }

    #[test]
    fn each_server_has_its_own_name_address_and_port() {
        let url = "postgres:///chats?host=one&host=/run/other&hostaddr=10.0.0.1,10.0.0.2&port=1,2";
        let [one, other] = Server::all_of(&url.parse().unwrap()).try_into().ok().unwrap();
        assert_eq!([&*one.name, &*other.name], ["one:1", "/run/other:2"]);
        assert_eq!(one.config.get_hosts(), [Host::Tcp("one".to_owned())]);
        assert_eq!(other.config.get_hostaddrs(), ["10.0.0.2".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(other.config.get_ports(), [2]);
        assert_eq!(one.config.get_ssl_mode(), SslMode::Prefer);
        assert_eq!(other.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn one_port_is_that_of_all() {
        let servers =
            Server::all_of(&"postgres:///chats?host=one&host=other&port=6432".parse().unwrap());
        let names: Vec<_> = servers.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["one:6432", "other:6432"]);
    }
}
