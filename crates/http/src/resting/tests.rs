mod conversations;

use std::cell::Cell;
use std::net::Ipv4Addr;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Payload, Protocol, Request, Response};
use actix_service::{Service, ServiceFactory};
use actix_web::rt::net::{TcpListener, TcpStream};
use actix_web::rt::{self, System};
use actix_web::web::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

use super::*;
use crate::connection::Connection;

/// Longer than any test takes.
const LONG: Duration = Duration::from_mins(1);

/// Tests wait for it.
const SHORT: Duration = Duration::from_millis(2);

/// Long enough for a connection to rest that may.
const PAUSE: Duration = Duration::from_millis(10);

const LARGE: usize = 8 << 20;

/// A connection, as its client sees it, and what becomes of it in the service.
struct Client {
    stream: TcpStream,
    service: Rc<Observed>,
    served: rt::task::JoinHandle<Result<(), DispatchError>>,
}

#[derive(Default)]
struct Observed {
    rests: Cell<u32>,
    is_stopping: Cell<bool>,
}

impl Client {
    async fn connect(keep_alive: Duration) -> Self {
        Self::connect_resting_after(SHORT, keep_alive).await
    }

    async fn connect_resting_after(rest_after: Duration, keep_alive: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let service = Rc::new(Observed::default());
        let served = rt::spawn(serve_observed(
            Lent::new(Connection::new(accepted, LONG, Handle::current()), rest_after),
            keep_alive,
            Rc::clone(&service),
        ));
        Self { stream, service, served }
    }

    async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// The body of the next answer, which is shorter than a buffer and comes in one piece.
    async fn answer(&mut self) -> String {
        let mut buffer = [0; 4096];
        let length = timeout(LONG, self.stream.read(&mut buffer)).await.unwrap().unwrap();
        bodies(&buffer[..length]).concat()
    }

    /// The bodies of all that comes until the service closes the connection.
    async fn until_closed(mut self) -> Vec<String> {
        let mut received = Vec::new();
        timeout(LONG, self.stream.read_to_end(&mut received)).await.unwrap().unwrap();
        timeout(LONG, self.served).await.unwrap().unwrap().unwrap();
        bodies(&received)
    }

    async fn until_it_rests(&self, times: u32) {
        let rests = async {
            while self.service.rests.get() < times {
                rt::time::sleep(SHORT).await;
            }
        };
        timeout(LONG, rests).await.unwrap();
    }

    async fn never_rests(&self) {
        rt::time::sleep(PAUSE).await;
        assert_eq!(self.service.rests.get(), 0);
    }
}

async fn serve_observed(
    lent: Lent<Connection>,
    keep_alive: Duration,
    service: Rc<Observed>,
) -> Result<(), DispatchError> {
    let http = HttpService::build()
        .keep_alive(LONG)
        .client_disconnect_timeout(LONG)
        .on_connect_ext(|lent: &Lent<Connection>, data| {
            data.insert(lent.activity());
        })
        .finish(|request| async { Ok::<_, actix_http::Error>(answer(request).await) })
        .new_service(())
        .await
        .unwrap();
    let http = async |lent: Lent<_>| {
        let line = Rc::clone(&lent.0);
        let served = http.call((lent, Protocol::Http1, None)).await;
        service.rests.set(service.rests.get() + u32::from(line.borrow().is_resting));
        served
    };
    let stopped = async || {
        while !service.is_stopping.get() {
            rt::time::sleep(SHORT).await;
        }
    };
    serve(lent, keep_alive, http, stopped).await
}

/// Tells what it was asked, body included, unless by its path it is not to.
async fn answer(mut request: Request) -> Response<Bytes> {
    let payload = request.take_payload();
    let activity = request.conn_data::<Activity>().unwrap();
    let _busy = activity.busy(!matches!(payload, Payload::None));
    let told = match request.path() {
        "/large" => vec![b'x'; LARGE],
        "/early" => b"early".to_vec(),
        path => {
            if path == "/slow" {
                rt::time::sleep(SHORT).await;
            }
            let chunks: Vec<_> = payload.map(Result::unwrap).collect().await;
            [path.as_bytes(), &chunks.concat()].concat()
        }
    };
    Response::ok().set_body(told.into())
}

fn bodies(mut received: &[u8]) -> Vec<String> {
    let mut bodies = Vec::new();
    while let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = end + 4..end + 4 + length.map_or(0, |it| it.parse().unwrap());
        bodies.push(String::from_utf8_lossy(&received[body.clone()]).into_owned());
        received = &received[body.end..];
    }
    bodies
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: chats\r\n\r\n")
}

fn last() -> String {
    "GET /last HTTP/1.1\r\nHost: chats\r\nConnection: close\r\n\r\n".to_owned()
}

fn post(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: chats\r\n{headers}\r\n\r\n")
}

fn with_length(path: &str, body: &str) -> String {
    post(path, &format!("Content-Length: {}", body.len())) + body
}

fn in_chunks(path: &str, body: &str) -> String {
    let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
    let chunks = if body.is_empty() { String::new() } else { chunk(body) };
    post(path, "Transfer-Encoding: chunked") + &chunks + &chunk("")
}

fn run(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

#[test]
fn a_connection_rests_again_and_again() {
    run(async {
        let mut client = Client::connect(LONG).await;
        for times in 1..=20 {
            client.send(get("/again")).await;
            assert_eq!(client.answer().await, "/again");
            client.until_it_rests(times).await;
        }
        client.send(last()).await;
        assert_eq!(client.until_closed().await, ["/last"]);
    });
}

#[test]
fn a_resting_connection_is_closed_when_an_idle_one_is() {
    run(async {
        let begin = Instant::now();
        let mut client = Client::connect(PAUSE * 10).await;
        client.send(get("/")).await;
        client.until_it_rests(1).await;
        assert_eq!(client.until_closed().await, ["/"]);
        assert!(begin.elapsed() >= PAUSE * 10);
    });
}

#[test]
fn a_resting_connection_is_closed_at_the_end_of_the_service() {
    run(async {
        let mut client = Client::connect(LONG).await;
        client.send(get("/")).await;
        client.until_it_rests(1).await;
        client.service.is_stopping.set(true);
        assert_eq!(client.until_closed().await, ["/"]);
    });
}

#[test]
fn a_client_that_leaves_a_resting_connection_is_noticed() {
    run(async {
        let mut client = Client::connect(LONG).await;
        client.send(get("/")).await;
        client.answer().await;
        client.until_it_rests(1).await;
        drop(client.stream);
        timeout(LONG, client.served).await.unwrap().unwrap().unwrap();
    });
}

#[test]
fn no_connection_rests_before_its_first_request() {
    run(async {
        let mut client = Client::connect(LONG).await;
        for begin in ["", "\r\n\r\n", "GET / HTTP/1.1\r\n"] {
            client.send(begin).await;
            client.never_rests().await;
        }
    });
}

#[test]
fn no_connection_rests_on_which_a_request_is_not_answered() {
    run(async {
        let mut client = Client::connect(LONG).await;
        client.send(get("/large")).await;
        client.never_rests().await;
        let mut received = vec![0; LARGE];
        client.stream.read_exact(&mut received).await.unwrap();
        client.send(last()).await;
        client.stream.shutdown().await.unwrap();
        let mut received = Vec::new();
        client.stream.read_to_end(&mut received).await.unwrap();
        assert!(received.ends_with(b"/last"));
    });
}

/// If it rested, what was taken for a body would be a request.
#[test]
fn what_follows_an_answer_that_came_too_early_is_no_request() {
    let hidden = get("/hidden");
    let head = |path| post(path, &format!("Content-Length: {}", hidden.len()));
    let upgrade = "GET /early HTTP/1.1\r\nHost: chats\r\nUpgrade: websocket\r\n\r\n".to_owned();
    for (begin, answer) in
        [(head("/early"), "early"), (get("/slow") + &head("/"), "/slow"), (upgrade, "early")]
    {
        run(async {
            let mut client = Client::connect(LONG).await;
            client.send(&begin).await;
            assert_eq!(client.answer().await, answer);
            client.never_rests().await;
            client.send(&hidden).await;
            client.never_rests().await;
            client.stream.shutdown().await.unwrap();
            let answers = client.until_closed().await;
            assert!(!answers.contains(&"/hidden".to_owned()), "{answers:?}");
        });
    }
}

#[test]
fn a_body_in_chunks_that_goes_on_after_its_answer_is_no_request() {
    run(async {
        let mut client = Client::connect(LONG).await;
        let post = in_chunks("/early", &get("/hidden"));
        let (begin, end) = post.split_at(post.find("GET").unwrap());
        client.send(begin).await;
        assert_eq!(client.answer().await, "early");
        client.never_rests().await;
        client.send(end).await;
        client.never_rests().await;
        client.send(last()).await;
        assert_eq!(client.until_closed().await, ["/last"]);
    });
}
