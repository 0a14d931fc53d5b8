//! Connections that are held without anything being asked on them.
//!
//! The framework ends a connection on which no first request begins, and one that is idle. It keeps one
//! for ever on which a later head never becomes complete, on which a body goes on after its answer, or
//! whose client does not take the answers. What these have in common: no request begins.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use actix_web::rt::time::{Instant, Sleep, sleep};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// A connection that fails once no request has begun on it for as long as `patience` after the last
/// answer.
pub(crate) struct Connection {
    stream: TcpStream,
    activity: Activity,
    patience: Duration,
    /// When to look whether patience is at its end, while nothing can be read or written.
    timer: Pin<Box<Sleep>>,
}

/// What happens on a connection.
#[derive(Clone)]
pub(crate) struct Activity(Rc<Happening>);

struct Happening {
    state: Cell<State>,
    /// How many requests have begun.
    begun: Cell<u64>,
    work: TaskTracker,
    runtime: Handle,
}

#[derive(Clone, Copy)]
enum State {
    /// A request is being answered.
    Busy,
    /// There has been no request since.
    Waiting { since: Instant, last_had_body: bool },
}

impl Activity {
    /// Says that a request is being answered, until the returned value is dropped. To be called once for each request
    /// at the most: a connection [rests](crate::resting) by their number.
    pub(crate) fn busy(&self, has_body: bool) -> Busy {
        self.0.state.set(State::Busy);
        self.0.begun.set(self.0.begun.get() + 1);
        Busy { activity: self.clone(), has_body }
    }

    /// Since when no request is being answered. Now, if one is.
    pub(crate) fn quiet_since(&self) -> Instant {
        match self.0.state.get() {
            State::Busy => Instant::now(),
            State::Waiting { since, .. } => since,
        }
    }

    /// If just as many requests as this have begun, none is being answered, and the last of them had no body.
    pub(crate) fn is_quiet_after(&self, requests: u64) -> bool {
        let without_body =
            matches!(self.0.state.get(), State::Waiting { last_had_body: false, .. });
        without_body && self.0.begun.get() == requests
    }

    /// Has work done that goes on although the connection may break. It is done on the runtime of the connections to
    /// others that it takes, so that it is handed over once and not for each of their answers.
    pub(crate) fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.work.spawn_on(work, &self.0.runtime)
    }

    /// Returns when all such work has ended. No further work may begin.
    pub(crate) async fn has_ended(&self) {
        self.0.work.close();
        self.0.work.wait().await;
    }
}

pub(crate) struct Busy {
    activity: Activity,
    has_body: bool,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let since = Instant::now();
        self.activity.0.state.set(State::Waiting { since, last_had_body: self.has_body });
    }
}

impl Connection {
    /// A connection whose work is done on `runtime`.
    pub(crate) fn new(stream: TcpStream, patience: Duration, runtime: Handle) -> Self {
        let state = Cell::new(State::Waiting { since: Instant::now(), last_had_body: false });
        let (begun, work) = (Cell::new(0), TaskTracker::new());
        let activity = Activity(Rc::new(Happening { state, begun, work, runtime }));
        Self { stream, activity, patience, timer: Box::pin(sleep(patience)) }
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Waits until something has come, be it the end. (What [`ActixStream`] has for this wakes nobody.)
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_read_ready(cx).map(drop)
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().stream)
    }

    /// What comes of nothing to read, or no room to write: waiting on, or the end of patience.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let end = self.activity.quiet_since() + self.patience;
            if end <= Instant::now() {
                tracing::debug!("closing a connection on which nothing was asked");
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            self.timer.as_mut().reset(end);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = self.as_mut().stream().poll_read(cx, buf);
        if poll.is_ready() { poll } else { self.wait(cx) }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = self.as_mut().stream().poll_write(cx, buf);
        if poll.is_ready() { poll } else { self.wait(cx) }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = self.as_mut().stream().poll_write_vectored(cx, bufs);
        if poll.is_ready() { poll } else { self.wait(cx) }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

impl ActixStream for Connection {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.stream, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.stream, cx)
    }
}

/// What HTTP is spoken over.
pub(crate) trait Stream: ActixStream + 'static {
    fn connection(&self) -> &Connection;
}

impl Stream for Connection {
    fn connection(&self) -> &Connection {
        self
    }
}

impl Stream for TlsStream<Connection> {
    fn connection(&self) -> &Connection {
        self.get_ref().0
    }
}
