use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Certificate, Client};
use url::Url;

use crate::lookups::Lookups;

/// How long a connection may idle. Services commonly close theirs after five seconds.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

/// The HTTP clients by which tenants are asked and sets of keys are fetched: one for all that trust the same
/// roots, since the system's are many, and reading them takes its time.
///
/// Such a client keeps connections for each host of its own, and looks up one name at a time for each: who
/// shares it slows nobody else down.
#[derive(Default)]
pub struct HttpClients(Mutex<HashMap<Trust, Client>>);

/// Whose certificates count.
#[derive(PartialEq, Eq, Hash)]
enum Trust {
    /// Nobody's, for nothing is encrypted. It works on systems that have no roots.
    Nobody,
    /// Those of the system's roots.
    System,
    /// Those of the system's roots, and of these, in PEM.
    SystemAnd(Vec<u8>),
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// The extra roots are none, or are broken. Tells nothing of them, for the file may be another one.
    #[error("holds no root certificates in PEM that can be used")]
    ExtraRoots,
    /// It cannot work here: most likely, the system has no root certificates.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
}

impl HttpClients {
    /// The client for `url`, which trusts these roots besides the system's.
    pub(crate) fn get(
        &self,
        url: &Url,
        extra_roots: Option<&[u8]>,
    ) -> Result<Client, HttpClientError> {
        let certificates = extra_roots.map_or(Ok(Vec::new()), parse)?;
        let trust = match extra_roots {
            _ if url.scheme() == "http" => Trust::Nobody,
            None => Trust::System,
            Some(pem) => Trust::SystemAnd(pem.to_owned()),
        };
        // A client that could not be made has left nothing behind.
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.entry(trust) {
            Entry::Occupied(client) => Ok(client.get().clone()),
            Entry::Vacant(place) => {
                let client = client(place.key(), certificates)?;
                Ok(place.insert(client).clone())
            }
        }
    }
}

fn parse(pem: &[u8]) -> Result<Vec<Certificate>, HttpClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(HttpClientError::ExtraRoots),
    }
}

fn client(trust: &Trust, extra_roots: Vec<Certificate>) -> Result<Client, HttpClientError> {
    let builder = Client::builder()
        .user_agent(concat!("chats/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(LONGEST_IDLE)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .dns_resolver(Arc::new(Lookups::default()))
        // Without this, `HTTP_PROXY` and the like would be heeded.
        .no_proxy();
    let builder = match trust {
        Trust::Nobody => builder.tls_certs_only([]),
        Trust::System | Trust::SystemAnd(_) => builder.tls_certs_merge(extra_roots),
    };
    builder.build().map_err(|error| match trust {
        // With roots of our own it does not matter whether the system has any.
        Trust::SystemAnd(_) => HttpClientError::ExtraRoots,
        _ => HttpClientError::Setup(error),
    })
}

#[cfg(test)]
mod tests {
    use chats_testkit::certificates::Authority;

    use super::*;

    #[test]
    fn who_trusts_the_same_roots_shares_a_client() {
        let clients = HttpClients::default();
        let get = |url: &str, roots: Option<&str>| {
            clients.get(&url.parse().unwrap(), roots.map(str::as_bytes)).unwrap();
            clients.0.lock().unwrap().len()
        };
        let [one, other] = [(); 2].map(|()| Authority::new().unwrap());
        assert_eq!(get("http://127.0.0.1:1/", None), 1);
        assert_eq!(get("http://tenant.example.org/", Some(one.certificate())), 1);
        assert_eq!(get("https://a.example.org/", Some(one.certificate())), 2);
        assert_eq!(get("https://b.example.org/", Some(one.certificate())), 2);
        assert_eq!(get("https://a.example.org/", Some(other.certificate())), 3);
    }

    #[test]
    fn roots_that_are_none_are_refused_for_any_url_and_not_shown() {
        let clients = HttpClients::default();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        let key = Authority::new().unwrap().issue_to_server(&["localhost"]).unwrap().key;
        for roots in ["", "hunter2", broken, &key] {
            for url in ["https://127.0.0.1:1/", "http://127.0.0.1:1/"] {
                let refused = clients.get(&url.parse().unwrap(), Some(roots.as_bytes()));
                let is_right = matches!(refused, Err(HttpClientError::ExtraRoots));
                // For `http` nobody looks closer than to see that it is PEM.
                assert!(is_right || (url.starts_with("http:") && roots == broken), "{roots}");
            }
        }
    }
}
