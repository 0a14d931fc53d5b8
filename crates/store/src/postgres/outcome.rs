use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use tokio::time::error::Elapsed;

use crate::failure::Failure;

/// What an answer means, and what it means that there is none.
pub(super) fn outcome<T>(answer: Result<QueryResult<T>, Elapsed>) -> Result<T, Failure> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Failure::UniqueViolation,
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                // The server became a standby.
                | DatabaseErrorKind::ReadOnlyTransaction
                // Diesel does not tell these apart: a server that goes down, a statement that was
                // cancelled or timed out, a deadlock, a full disk. Our statements are right, so it may
                // pass.
                | DatabaseErrorKind::Unknown,
                _,
            ) => Failure::Unavailable(Box::new(error)),
            error => Failure::Failed(Box::new(error)),
        }),
        Err(elapsed) => Err(Failure::Unavailable(Box::new(elapsed))),
    }
}
