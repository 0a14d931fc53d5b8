//! What the configuration lets pass over a network in the clear, or to whoever answers: it works, and is
//! perhaps not meant.

use std::net::IpAddr;

use chats_store::DatabaseUrl;
use url::Url;

use crate::config::Config;
use crate::warning::Warning;

const LISTENER: &str = "is no loopback address, and there is no http.tls: tokens and chats pass in the clear, \
                        unless something in front of it speaks TLS";
const EMBEDDED: &str = "is no loopback address, and the embedded event service has no TLS: tokens and events \
                        pass in the clear";
const EVENT_SERVICE: &str = "is http to another machine: whoever is in between sees our token, and may change \
                             what is sent";
const TENANT: &str = "is http to another machine: whoever is in between sees our token, and may answer in \
                      the tenant's place";
const DATABASE: &str = "is PostgreSQL on another machine without sslmode=verify-full: whoever is in between \
                        may read and change what is sent";

/// All that `chats serve` would let pass so. A JWKS is not among it: where it would have to be, it is refused.
pub(crate) fn find(config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut add = |is_found: bool, setting: &str, says: &str| {
        if is_found {
            found.push(Warning::new(setting, says));
        }
    };
    add(is_served_in_the_clear(config), "http.listen", LISTENER);
    let database = config.database.url.as_deref();
    add(database.is_some_and(is_unverified), "database.url", DATABASE);
    let replica = config.database.replica_url.as_deref();
    add(replica.is_some_and(is_unverified_replica), "database.replica_url", DATABASE);
    if config.event.url == "embedded" {
        add(is_embedded_open(config), "event.listen", EMBEDDED);
    } else {
        let url = Url::parse(&config.event.url);
        add(url.is_ok_and(|url| is_plain(&url)), "event.url", EVENT_SERVICE);
    }
    for (audience, settings) in &config.audiences {
        let is_found = settings.uri.as_ref().is_some_and(|uri| is_plain(&uri.0));
        add(is_found, &format!("audiences.{}.uri", audience.0), TENANT);
    }
    found
}

/// What `chats event` would let pass so.
pub(crate) fn find_of_embedded(config: &Config) -> Option<Warning> {
    is_embedded_open(config).then(|| Warning::new("event.listen", EMBEDDED))
}

fn is_served_in_the_clear(config: &Config) -> bool {
    config.http.tls.is_none() && !config.http.listen.ip().is_loopback()
}

fn is_embedded_open(config: &Config) -> bool {
    !config.event.listen.ip().is_loopback()
}

fn is_plain(url: &Url) -> bool {
    url.scheme() == "http" && is_of_another_machine(url)
}

/// Whether a URL leads away from this machine.
pub(crate) fn is_of_another_machine(url: &Url) -> bool {
    !url.host_str().is_some_and(is_this_machine)
}

/// A URL that is none is refused elsewhere.
fn is_unverified(database: &str) -> bool {
    database.parse().is_ok_and(|url: DatabaseUrl| url.is_remote_and_unverified())
}

/// The same of a replica.
fn is_unverified_replica(replica: &str) -> bool {
    DatabaseUrl::of_a_replica(replica).is_ok_and(|url| url.is_remote_and_unverified())
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_plain_if_it_is_http_to_another_machine() {
        for (url, is_found) in [
            ("http://tenant.example.org/authz", true),
            ("http://10.0.0.1:8081/", true),
            ("http://0.0.0.0/", true),
            ("http://[2001:db8::1]/", true),
            ("http://localhost.example.org/", true),
            ("http://127.0.0.1.example.org/", true),
            ("https://tenant.example.org/authz", false),
            ("http://localhost:8081/", false),
            ("http://127.1.2.3/", false),
            ("http://[::1]:8081/", false),
        ] {
            assert_eq!(is_plain(&url.parse().unwrap()), is_found, "{url}");
        }
    }
}
