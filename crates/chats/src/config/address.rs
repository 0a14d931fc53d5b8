use std::net::SocketAddr;

use serde::de::{Deserialize, Deserializer, Error};

/// An address to listen on. Names of hosts are none, for they may stand for several.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom("is no IP address with a port, such as 127.0.0.1:8080"))
}
