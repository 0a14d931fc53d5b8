//! The end of the time that a request has.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use crate::ports::{AccessError, Clock, EventRoomsError, StoreError};

/// What is left of the time for a request. The policy, the store, the event service and the waiting for
/// others spend it in turn.
pub(super) struct Deadline {
    /// Ready when the time is over; `None` once that was seen.
    end: Option<BoxFuture<'static, ()>>,
}

/// The time for the request was over before a call had returned.
#[derive(Debug, thiserror::Error)]
#[error("the time for the request is over")]
pub(super) struct Late;

impl Deadline {
    /// A deadline that ends `time` from now.
    pub(super) fn after(clock: &dyn Clock, time: Duration) -> Self {
        Self { end: Some(clock.sleep(time)) }
    }

    /// Whether the time was seen to be over.
    pub(super) fn is_over(&self) -> bool {
        self.end.is_none()
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
        let Some(end) = &mut self.end else { return Err(Late) };
        match select(pin!(sign), end).await {
            Either::Left((happened, _)) => Ok(happened),
            Either::Right(((), _)) => {
                self.end = None;
                Err(Late)
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
