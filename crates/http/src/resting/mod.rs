//! Connections rest on which nothing is asked: only their stream is kept.
//!
//! What serves HTTP on a connection holds two buffers of 8 KiB and a task of a few more, and gives nothing
//! back while it waits. So it is told that the client has ended, and once something comes, another one begins.
//!
//! That is allowed only if it has read nothing that it has not dealt with: no part of a head, no request
//! whose turn has not come, no body. From outside this is seen by the empty lines. Each head ends in one
//! of its own, and is read before its request begins. So if as many requests have begun as empty lines were
//! delivered, each of these lines is the end of a head whose request has begun: none is in a body or between
//! requests, no head is unread, no request waits. If nothing was delivered behind the last line, nothing is
//! behind the last head; and if its request has no body, what comes next is a head. (Before it closes, a connection
//! may be kept until its client has sent a body that nobody wants. Either the last request has that body; or it is
//! that of a head whose request never begins, and then there is one empty line more.)
//!
//! Answers must be whole when their request ends, as all are here. One whose body came later would be sent, and
//! the connection closed after it, though it was not said to be.
//!
//! Whoever sends more empty lines than that, in a body, in chunks or between requests, has a connection that
//! does not rest. That takes memory, and nothing else.

mod empty_lines;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::time::{Instant, Sleep, sleep, timeout};
use empty_lines::EmptyLines;
use futures_util::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::{Activity, Stream};

/// How long nothing has been asked on a connection when it begins to rest. Of many that are opened one after
/// the other, few are awake at a time; and one that is used all the time never rests.
pub(crate) const REST_AFTER: Duration = Duration::from_millis(250);

/// How long it may take to say goodbye to a client.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A stream as it is lent to what serves HTTP on it. To that it seems to end when it is time to rest.
pub(crate) struct Lent<S>(Rc<RefCell<Line<S>>>);

struct Line<S> {
    stream: S,
    rest_after: Duration,
    delivered: EmptyLines,
    /// If something was written that the client has not taken.
    has_unsent: bool,
    is_resting: bool,
    /// When to look whether it is time to rest, or, while it does, to close.
    timer: Pin<Box<Sleep>>,
}

/// Has `http` serve a connection again and again, until it is closed. It rests in between, for as long as an
/// idle one is kept, or until `stopped`.
pub(crate) async fn serve<S: Stream, E>(
    lent: Lent<S>,
    keep_alive: Duration,
    http: impl AsyncFn(Lent<S>) -> Result<(), E>,
    stopped: impl AsyncFn(),
) -> Result<(), E> {
    loop {
        // In a box, so that it takes no memory while the connection rests.
        Box::pin(http(Lent(Rc::clone(&lent.0)))).await?;
        if !lent.0.borrow().is_resting {
            return Ok(());
        }
        tracing::debug!("a connection rests");
        if !lent.is_asked(keep_alive, &stopped).await {
            lent.close().await;
            return Ok(());
        }
        lent.0.borrow_mut().wake();
    }
}

impl<S: Stream> Lent<S> {
    pub(crate) fn new(stream: S, rest_after: Duration) -> Self {
        Self(Rc::new(RefCell::new(Line {
            stream,
            rest_after,
            delivered: EmptyLines::default(),
            has_unsent: false,
            is_resting: false,
            timer: Box::pin(sleep(rest_after)),
        })))
    }

    pub(crate) fn activity(&self) -> Activity {
        self.0.borrow().activity().clone()
    }

    /// Waits until something comes. If it is time to close before that, returns `false`.
    async fn is_asked(&self, keep_alive: Duration, stopped: impl AsyncFn()) -> bool {
        let end = self.0.borrow().activity().quiet_since() + keep_alive;
        self.0.borrow_mut().timer.as_mut().reset(end);
        let mut stopped = pin!(stopped());
        poll_fn(|cx| {
            let mut line = self.0.borrow_mut();
            if line.stream.connection().poll_readable(cx).is_ready() {
                return Poll::Ready(true);
            }
            let is_over = line.timer.as_mut().poll(cx).is_ready();
            if is_over || stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            Poll::Pending
        })
        .await
    }

    async fn close(&self) {
        let shutdown = poll_fn(|cx| Pin::new(&mut self.0.borrow_mut().stream).poll_shutdown(cx));
        // What is left of the connection ends with the stream.
        let _ = timeout(CLOSE_TIMEOUT, shutdown).await;
    }
}

impl<S: Stream> Line<S> {
    fn activity(&self) -> &Activity {
        self.stream.connection().activity()
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(&mut self.stream)
    }

    fn wake(&mut self) {
        self.is_resting = false;
        self.look_in(self.rest_after);
    }

    fn look_in(&mut self, time: Duration) {
        self.timer.as_mut().reset(Instant::now() + time);
    }

    fn deliver(&mut self, bytes: &[u8]) {
        self.delivered.take(bytes);
        // Not anew with each request, since it can be put off when its time has come.
        if self.timer.deadline() <= Instant::now() {
            self.look_in(self.rest_after);
        }
    }

    /// What comes of nothing to read: waiting on, or rest. If it is time and cannot be, nobody looks again before
    /// more was delivered: whatever wakes an idle connection makes the framework keep it for longer.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_unsent || !self.delivered.is_at_the_end() {
            return Poll::Pending;
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let due = self.activity().quiet_since() + self.rest_after;
            if due <= self.timer.deadline() {
                break;
            }
            self.timer.as_mut().reset(due);
        }
        self.is_resting = self.activity().is_quiet_after(self.delivered.count());
        if self.is_resting { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<S: Stream> AsyncRead for Lent<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.0.borrow_mut();
        let before = buf.filled().len();
        let poll = line.stream().poll_read(cx, buf);
        if poll.is_pending() {
            // To have read nothing is to be at the end.
            return line.poll_rest(cx).map(Ok);
        }
        line.deliver(&buf.filled()[before..]);
        poll
    }
}

impl<S: Stream> AsyncWrite for Lent<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.0.borrow_mut();
        // Nobody says anything more before a rest. If somebody does, the client hears it and the connection ends.
        line.is_resting = false;
        let poll = line.stream().poll_write(cx, buf);
        line.has_unsent = poll.is_pending();
        poll
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.0.borrow_mut();
        let poll = line.stream().poll_flush(cx);
        line.has_unsent = poll.is_pending();
        poll
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.0.borrow_mut();
        if line.is_resting { Poll::Ready(Ok(())) } else { line.stream().poll_shutdown(cx) }
    }
}
