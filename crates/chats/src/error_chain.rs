use std::error::Error;
use std::iter;

/// An error and all its sources in one line, outermost first.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let errors = iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
