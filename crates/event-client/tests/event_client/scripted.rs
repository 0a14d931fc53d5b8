//! A server that does exactly what a test says, byte by byte.

use std::{
    convert::Infallible,
    future::{Future, pending},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Server {
    listener: TcpListener,
}

/// A connection of the client. Dropping it closes it.
pub(crate) struct Connection<S = TcpStream> {
    stream: S,
    unread: Vec<u8>,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    /// `POST /api/v1/rooms HTTP/1.1`
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    pub(crate) async fn accept(&self) -> Connection {
        let (stream, _) = self.listener.accept().await.unwrap();
        Connection::over(stream)
    }

    /// Accepts a connection, reads a request, and answers with these bytes.
    pub(crate) async fn answer_with(&self, answer: &str) -> (Connection, Request) {
        let mut connection = self.accept().await;
        let request = connection.request().await;
        connection.send(answer).await;
        (connection, request)
    }

    /// Does what [`answer_with`](Self::answer_with) does, and then keeps the connection open for ever.
    pub(crate) async fn answer_with_and_hang(&self, answer: &str) -> Infallible {
        let _connection = self.answer_with(answer).await;
        pending().await
    }

    /// Whether a connection came that was not accepted yet.
    pub(crate) async fn was_called(&self) -> bool {
        let address = self.listener.local_addr().unwrap();
        let last_in_the_queue = TcpStream::connect(address).await.unwrap();
        let (_, first_in_the_queue) = self.listener.accept().await.unwrap();
        first_in_the_queue != last_in_the_queue.local_addr().unwrap()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    pub(crate) async fn request(&mut self) -> Request {
        self.next_request().await.expect("the client went away")
    }

    /// The next request; `None` if the client closes the connection instead.
    pub(crate) async fn next_request(&mut self) -> Option<Request> {
        loop {
            if let Some((request, length)) = Request::parse(&self.unread) {
                self.unread.drain(..length);
                return Some(request);
            }
            if self.stream.read_buf(&mut self.unread).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Waits for the first bytes of a request, and reads no more.
    pub(crate) async fn first_byte(&mut self) {
        assert_ne!(self.stream.read(&mut [0]).await.unwrap(), 0);
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends as much as the client takes. It may hang up at any time.
    pub(crate) async fn send_what_it_takes(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|header| header.0 == name);
        let value = values.next().map(|header| header.1.as_str());
        assert!(values.next().is_none(), "{name} was sent twice");
        value
    }

    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let head_length = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..head_length]).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut request = Self { line, headers, body: String::new() };
        let body_length =
            request.header("content-length").map_or(0, |length| length.parse().unwrap());
        let body = bytes.get(head_length..head_length + body_length)?;
        request.body = String::from_utf8(body.to_vec()).unwrap();
        Some((request, head_length + body_length))
    }
}

/// An answer with a body of JSON, the last one on its connection.
pub(crate) fn json(status: &str, body: &str) -> String {
    answer(status, "application/json", body)
}

/// An answer with a body of plain text, the last one on its connection.
pub(crate) fn text(status: &str, body: &str) -> String {
    answer(status, "text/plain; charset=utf-8", body)
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A room, on a connection that goes on.
pub(crate) fn json_and_go_on(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Runs a call of the client and the server's part in it. A test that waits for what never comes fails.
pub(crate) async fn play<C, S>(
    call: impl Future<Output = C>,
    server: impl Future<Output = S>,
) -> (C, S) {
    let both = async { tokio::join!(call, server) };
    tokio::time::timeout(LONGEST_PLAY, both).await.expect("client and server wait for each other")
}

/// Runs a call of the client to its end, however far the server has come by then.
pub(crate) async fn play_to_the_end_of<C>(
    call: impl Future<Output = C>,
    server: impl Future<Output = Infallible>,
) -> C {
    let first = async {
        tokio::select! {
            biased;
            ended = call => ended,
            never = server => match never {},
        }
    };
    tokio::time::timeout(LONGEST_PLAY, first).await.expect("the call never ends")
}

const LONGEST_PLAY: Duration = Duration::from_secs(30);
