use chats_domain::ports::{Cause, StoreError};

use crate::row::InvalidRow;

/// Why a query gave nothing, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A unique key is taken.
    #[error("a unique key is taken")]
    UniqueViolation,
    /// The database could not be reached or did not answer.
    #[error("the database is unavailable")]
    Unavailable(#[source] Cause),
    /// The database refused the query, or answered what it should not have.
    #[error("the query failed")]
    Failed(#[source] Cause),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(cause) => Self::Unavailable(cause),
            Failure::Failed(cause) => Self::Failed(cause),
            taken @ Failure::UniqueViolation => Self::Failed(Box::new(taken)),
        }
    }
}

impl From<InvalidRow> for Failure {
    fn from(row: InvalidRow) -> Self {
        Self::Failed(Box::new(row))
    }
}
