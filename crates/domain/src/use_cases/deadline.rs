//! The end of the time that a request has.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use crate::ports::{AccessError, Clock, EventRoomsError, StoreError};

/// What is left of the time for a request. The policy, the store, the event service and the waiting for
/// others spend it in turn. It is ready once the time is over.
pub(super) struct Deadline<'a> {
    clock: &'a dyn Clock,
    end: End,
}

enum End {
    /// So long after the first wait: what is answered at once takes no time.
    After(Duration),
    At(BoxFuture<'static, ()>),
    Past,
}

/// The time for the request was over before a call had returned.
#[derive(Debug, thiserror::Error)]
#[error("the time for the request is over")]
pub(super) struct Late;

impl<'a> Deadline<'a> {
    /// A deadline that ends `time` after the first wait.
    pub(super) fn after(clock: &'a dyn Clock, time: Duration) -> Self {
        Self { clock, end: End::After(time) }
    }

    /// Whether the time was seen to be over.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.end, End::Past)
    }

    /// Makes a call of a port. If the time is over first, the call is given up: nobody knows then
    /// whether it was carried out.
    pub(super) async fn bound<T, E: From<Late>>(
        &mut self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.wait_for(call).await?
    }

    /// Waits for something to happen while the time lasts.
    pub(super) async fn wait_for<T>(&mut self, sign: impl Future<Output = T>) -> Result<T, Late> {
        if self.is_over() {
            return Err(Late);
        }
        match select(pin!(sign), self).await {
            Either::Left((happened, _)) => Ok(happened),
            Either::Right(((), _)) => Err(Late),
        }
    }
}

impl Future for Deadline<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            match &mut this.end {
                End::After(time) => this.end = End::At(this.clock.sleep(*time)),
                End::At(end) => {
                    ready!(end.as_mut().poll(context));
                    this.end = End::Past;
                }
                End::Past => return Poll::Ready(()),
            }
        }
    }
}

impl From<Late> for AccessError {
    fn from(late: Late) -> Self {
        Self::Unavailable(late.into())
    }
}

impl From<Late> for StoreError {
    fn from(late: Late) -> Self {
        Self::Unavailable(late.into())
    }
}

impl From<Late> for EventRoomsError {
    fn from(late: Late) -> Self {
        Self::Unknown(late.into())
    }
}
