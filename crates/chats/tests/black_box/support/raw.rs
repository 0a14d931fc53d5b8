use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Deployment;

/// No test waits longer than this for what must come.
const LONG: Duration = Duration::from_secs(30);

/// A connection on which anything can be said, HTTP or not.
pub(crate) struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

impl From<TcpStream> for Raw {
    fn from(stream: TcpStream) -> Self {
        Self { stream, received: Vec::new() }
    }
}

impl Raw {
    pub(crate) async fn to(deployment: &Deployment) -> Self {
        let address = deployment.url.strip_prefix("http://").unwrap();
        TcpStream::connect(address).await.unwrap().into()
    }

    /// Sends what the other end still takes. Returns whether it took all.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        timeout(LONG, self.stream.write_all(bytes.as_ref())).await.unwrap().is_ok()
    }

    /// The statuses of all that has been answered, once there are `count` or the connection is closed.
    pub(crate) async fn statuses(&mut self, count: usize) -> Vec<u16> {
        while self.answered().len() < count && self.receive().await {}
        self.answered()
    }

    /// Waits until the other end closes the connection. Returns the statuses of all that was answered.
    pub(crate) async fn until_closed(&mut self) -> Vec<u16> {
        while self.receive().await {}
        self.answered()
    }

    /// Says that nothing more will be sent, and returns all that comes until the other end closes.
    pub(crate) async fn finish(mut self) -> Vec<u8> {
        let _ = self.stream.shutdown().await;
        while self.receive().await {}
        self.received
    }

    /// Breaks the connection, as a client does that has crashed.
    pub(crate) fn cut(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// Whether nothing has come that was not waited for.
    pub(crate) fn is_silent(&self) -> bool {
        let nothing = self.stream.try_read(&mut [0]);
        nothing.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    async fn receive(&mut self) -> bool {
        let received = timeout(LONG, self.stream.read_buf(&mut self.received)).await;
        received.unwrap_or_else(|_| panic!("neither an answer nor an end came")).unwrap_or(0) > 0
    }

    /// The statuses of the answers that are whole.
    fn answered(&self) -> Vec<u16> {
        let text = String::from_utf8_lossy(&self.received);
        let mut rest = text.as_ref();
        let mut statuses = Vec::new();
        while let Some((head, behind)) = rest.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let Some(behind) = behind.get(length.map_or(0, |it| it.parse().unwrap())..) else {
                break;
            };
            statuses.push(head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap());
            rest = behind;
        }
        statuses
    }
}
