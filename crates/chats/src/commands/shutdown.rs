use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Returns when the process is asked to end: by SIGTERM, or by SIGINT (Ctrl-C).
pub(super) async fn requested() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
