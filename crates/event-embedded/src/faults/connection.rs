use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

/// A second handle on a client's connection, past the server, to cut it.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// A handle on the connection `io`, as actix-web shows it when a client has connected.
    pub(crate) fn of(io: &dyn Any) -> Option<Self> {
        let stream = io.downcast_ref::<tokio::net::TcpStream>()?;
        let handle = stream.as_fd().try_clone_to_owned();
        handle.ok().map(|handle| Self(handle.into()))
    }

    /// Closes the connection as it stands.
    pub(super) fn cut(&self) {
        if let Err(error) = self.0.shutdown(Shutdown::Both) {
            tracing::debug!(%error, "the client has left before its connection was cut");
        }
    }
}
