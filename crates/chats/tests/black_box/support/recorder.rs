use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A server that gives every request the same answer, without a body, and tells what it was sent.
pub(crate) struct Recorder {
    pub(crate) url: String,
    requests: Mutex<UnboundedReceiver<Recorded>>,
}

/// A request as it was sent.
pub(crate) struct Recorded {
    /// Its line and its headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Recorder {
    pub(crate) async fn that_answers(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(record(connection, status, tell.clone()));
            }
        });
        Self { url, requests: Mutex::new(requests) }
    }

    /// The next request, which may be still to come.
    pub(crate) async fn next(&self) -> Recorded {
        self.requests.lock().await.recv().await.unwrap()
    }
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

async fn record(mut connection: TcpStream, status: u16, tell: UnboundedSender<Recorded>) {
    let mut sent = Vec::new();
    let request = loop {
        if connection.read_buf(&mut sent).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(request) = whole(&sent) {
            break request;
        }
    };
    let head = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let _ = connection.write_all(head.as_bytes()).await;
    let _ = tell.send(request);
}

/// The request, if all of it has arrived.
fn whole(sent: &[u8]) -> Option<Recorded> {
    let end = sent.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&sent[..end]).to_lowercase();
    let body = &sent[end + 4..];
    let request = Recorded { head, body: body.to_owned() };
    let length = request.header("content-length").map_or(0, |it| it.parse().unwrap());
    (body.len() >= length).then_some(request)
}
