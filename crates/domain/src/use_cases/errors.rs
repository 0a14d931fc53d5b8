use crate::ports::{AccessError, Cause, EventRoomsError, StoreError};
use crate::values::ChatId;

/// Why a chat was not created, be it with a new room or from an existing one.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The account may not do this in the audience.
    #[error("access is denied")]
    AccessDenied,
    /// The audience's policy could not be asked. Nothing was done; it may be possible later.
    #[error("the audience's policy could not be asked")]
    AccessUnavailable(#[source] Cause),
    /// A chat with this key is there and says something else. Nothing was changed.
    #[error("a chat with this key says something else")]
    AlreadyExists(ChatId),
    /// The room to convert does not exist, as far as this audience may know.
    #[error("there is no such event room")]
    EventRoomNotFound,
    /// The room to convert carries another chat.
    #[error("the event room carries another chat")]
    EventRoomTaken,
    /// The event service refused. The same request will be refused again.
    #[error("the event service refused the room")]
    EventServiceRejected(#[source] Cause),
    /// The event service did not say yes. The same request may succeed later, and if this one was
    /// carried out in spite of everything, leads to the same chat.
    #[error("the event service did not open the room")]
    EventServiceUnavailable(#[source] Cause),
    /// The store could not be reached. The same request may succeed later.
    #[error("the chat store is unavailable")]
    StoreUnavailable(#[source] Cause),
    /// Something that must not happen did.
    #[error("creating the chat failed")]
    Failed(#[source] Cause),
}

/// Why a chat was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The account may not read this.
    #[error("access is denied")]
    AccessDenied,
    /// The audience's policy could not be asked; it may be possible later.
    #[error("the audience's policy could not be asked")]
    AccessUnavailable(#[source] Cause),
    /// There is no such chat.
    #[error("there is no such chat")]
    NotFound,
    /// The store could not be reached. The same request may succeed later.
    #[error("the chat store is unavailable")]
    StoreUnavailable(#[source] Cause),
    /// Something that must not happen did.
    #[error("reading the chat failed")]
    Failed(#[source] Cause),
}

impl From<AccessError> for CreateError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Denied => Self::AccessDenied,
            AccessError::Unavailable(cause) => Self::AccessUnavailable(cause),
        }
    }
}

impl From<StoreError> for CreateError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::StoreUnavailable(cause),
            StoreError::Failed(cause) => Self::Failed(cause),
        }
    }
}

impl From<EventRoomsError> for CreateError {
    fn from(error: EventRoomsError) -> Self {
        match error {
            EventRoomsError::Refused(cause) => Self::EventServiceRejected(cause),
            EventRoomsError::Unavailable(cause) | EventRoomsError::Unknown(cause) => {
                Self::EventServiceUnavailable(cause)
            }
        }
    }
}

impl From<AccessError> for ReadError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Denied => Self::AccessDenied,
            AccessError::Unavailable(cause) => Self::AccessUnavailable(cause),
        }
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::StoreUnavailable(cause),
            StoreError::Failed(cause) => Self::Failed(cause),
        }
    }
}
