//! The end of the process before it serves anything.

use std::io;
use std::process;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// As long as this is there, SIGTERM and SIGINT end the process at once, for nothing is in flight.
///
/// They would by themselves, but for the first process of a container, which gets only signals that it
/// listens for.
pub(crate) struct EarlyEnd(JoinHandle<()>);

impl EarlyEnd {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        let (mut terminated, mut interrupted) = (signal(terminate)?, signal(interrupt)?);
        let end = async move {
            let kind = tokio::select! {
                _ = terminated.recv() => terminate,
                _ = interrupted.recv() => interrupt,
            };
            // What shells say of a process that a signal has ended.
            process::exit(128 + kind.as_raw_value());
        };
        Ok(Self(tokio::spawn(end)))
    }
}

impl Drop for EarlyEnd {
    fn drop(&mut self) {
        self.0.abort();
    }
}
