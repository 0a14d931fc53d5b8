use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Serves one thing to everybody who asks, whatever they ask for. It ends when it is dropped.
pub struct JwksServer {
    address: SocketAddr,
    behaviour: watch::Sender<Behaviour>,
    requests: watch::Receiver<usize>,
    task: AbortHandle,
}

/// What a server does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// It answers `200` with this body.
    Serves(String),
    /// It sends this, as it is, and closes the connection.
    Says(String),
    /// It answers `200`, with a body that never ends.
    Floods,
    /// It does not answer until it is told to behave otherwise.
    Hangs,
}

impl JwksServer {
    /// A server on a free port.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), behaviour).await
    }

    /// A server on this address: where another one has been, perhaps.
    pub async fn start_at(address: SocketAddr, behaviour: Behaviour) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let behaviour = watch::Sender::new(behaviour);
        let (count, requests) = watch::channel(0);
        let task = tokio::spawn(serve(listener, behaviour.subscribe(), count)).abort_handle();
        Ok(Self { address, behaviour, requests, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of what it serves.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/.well-known/jwks.json", self.address)
    }

    /// Does so from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// How many requests have come.
    #[must_use]
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Returns once so many requests have come.
    pub async fn until_requests(&self, requests: usize) {
        // It fails only if the server has ended, and then a test has, too.
        let _ = self.requests.clone().wait_for(|count| *count >= requests).await;
    }
}

impl Drop for JwksServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    behaviour: watch::Receiver<Behaviour>,
    count: watch::Sender<usize>,
) {
    while let Ok((connection, _)) = listener.accept().await {
        let (behaviour, count) = (behaviour.clone(), count.clone());
        // The client may be gone at any time.
        tokio::spawn(async move { drop(answer(connection, behaviour, count).await) });
    }
}

async fn answer(
    mut connection: TcpStream,
    mut behaviour: watch::Receiver<Behaviour>,
    count: watch::Sender<usize>,
) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if connection.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    count.send_modify(|count| *count += 1);
    let behaviour = behaviour.wait_for(|it| *it != Behaviour::Hangs).await.map(|it| it.clone());
    match behaviour {
        Ok(Behaviour::Serves(body)) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
            connection.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await
        }
        Ok(Behaviour::Says(all)) => connection.write_all(all.as_bytes()).await,
        Ok(Behaviour::Floods) => {
            connection
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"keys\":[")
                .await?;
            loop {
                connection.write_all(&[b' '; 4096]).await?;
            }
        }
        Ok(Behaviour::Hangs) | Err(_) => Ok(()),
    }
}
