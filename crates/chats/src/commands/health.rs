use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;

use crate::cli::HealthArgs;
use crate::config::{self, Flags};
use crate::output;

/// Longer than the instance takes to look at what it stands on.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the instance of this configuration, which runs on this machine, how it is. Fails unless it is well.
pub(crate) async fn health(flags: &Flags, args: &HealthArgs) -> Result<()> {
    let loaded = config::load(flags)?;
    let address = loaded.config.admin.listen;
    if address.port() == 0 {
        return Err(loaded.error("admin.listen", "has no port to ask at").into());
    }
    let path = if args.live { "healthz" } else { "readyz" };
    let url = format!("http://{}/{path}", here(address));
    // It is on this machine: no proxy, and no certificates.
    let client = Client::builder().no_proxy().tls_certs_only([]).timeout(TIMEOUT).build()?;
    let unanswered = || format!("nothing answers at {url}");
    let answer = client.get(&url).send().await.with_context(unanswered)?;
    let status = answer.status();
    output::line(answer.text().await.with_context(unanswered)?.trim_end());
    if !status.is_success() {
        bail!("{url} says {status}");
    }
    Ok(())
}

/// An address of this machine at which a listener on `address` is to be reached.
fn here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_at_the_loopback_one() {
        for (listens, asked) in [
            ("127.0.0.1:8081", "127.0.0.1:8081"),
            ("0.0.0.0:8081", "127.0.0.1:8081"),
            ("[::]:8081", "[::1]:8081"),
            ("10.0.0.7:9", "10.0.0.7:9"),
        ] {
            assert_eq!(here(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
