use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::LONG;

/// A tenant's service that does what a test says, byte by byte. What it waits for comes, or the test fails.
pub(super) struct Tenant {
    listener: TcpListener,
}

/// A question as it came, on the connection that it came on. Dropping it cuts the connection.
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: String,
    connection: TcpStream,
}

impl Tenant {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn uri(&self) -> String {
        format!("http://{}/authz", self.listener.local_addr().unwrap())
    }

    pub(super) async fn accept(&self) -> TcpStream {
        timeout(LONG, self.listener.accept()).await.unwrap().unwrap().0
    }

    /// Waits for the next question on a connection of its own.
    pub(super) async fn asked(&self) -> Asked {
        Asked::on(self.accept().await).await
    }

    /// Waits for the next question and answers it with these actions.
    pub(super) async fn allow(&self, actions: &str) {
        self.asked().await.answer("200 OK", actions).await;
    }

    /// Waits for the next question and answers it with these bytes, and no more.
    pub(super) async fn say(&self, bytes: impl AsRef<[u8]>) {
        self.asked().await.say(bytes).await;
    }

    /// The next question, unless whoever asked it has gone.
    pub(super) async fn still_asked(&self) -> Option<Asked> {
        Asked::read(self.accept().await).await
    }

    /// Whether a connection came that was not accepted yet.
    pub(super) async fn was_called(&self) -> bool {
        let address = self.listener.local_addr().unwrap();
        let last_in_the_queue = TcpStream::connect(address).await.unwrap();
        let (_, first_in_the_queue) = self.listener.accept().await.unwrap();
        first_in_the_queue != last_in_the_queue.local_addr().unwrap()
    }
}

impl Asked {
    /// Reads the next question on a connection, which nobody cuts.
    pub(super) async fn on(connection: TcpStream) -> Self {
        Self::read(connection).await.unwrap()
    }

    async fn read(mut connection: TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        loop {
            let read = timeout(LONG, connection.read_buf(&mut bytes)).await.unwrap();
            if read.unwrap_or(0) == 0 {
                return None;
            }
            let text = String::from_utf8(bytes.clone()).unwrap();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let (head, body) = (head.to_owned(), body.to_owned());
            let asked = Self { head, body, connection };
            if asked.body.len() == asked.header("content-length").parse::<usize>().unwrap() {
                return Some(asked);
            }
            connection = asked.connection;
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|line| line.0.eq_ignore_ascii_case(name));
        let value = values.next().map_or("", |line| line.1);
        assert!(values.next().is_none(), "{name} was sent twice");
        value
    }

    /// Answers, and ends the connection.
    pub(super) async fn answer(self, status: &str, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}");
        self.say(format!("{head}\r\n\r\n{body}")).await;
    }

    /// Answers, and takes the next question on the same connection.
    pub(super) async fn answer_and_go_on(mut self, body: &str) -> TcpStream {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}", body.len());
        self.connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        self.connection
    }

    /// Says these bytes, as far as the client takes them, and ends the connection.
    pub(super) async fn say(mut self, bytes: impl AsRef<[u8]>) {
        // The client may have gone away, and is right to do so where it need not hear the rest.
        let _ = self.connection.write_all(bytes.as_ref()).await;
    }

    /// Says these bytes, and then nothing more.
    pub(super) async fn say_and_hang(mut self, bytes: &str) -> TcpStream {
        let _ = self.connection.write_all(bytes.as_bytes()).await;
        self.connection
    }

    /// Says the same for ever. Returns how often the client took it.
    pub(super) async fn say_for_ever(mut self, head: &str, bytes: &[u8]) -> usize {
        self.connection.write_all(head.as_bytes()).await.unwrap();
        let mut times = 0;
        while let Ok(()) = self.connection.write_all(bytes).await {
            times += 1;
            assert!(times < 64, "the client reads on and on");
        }
        times
    }
}
