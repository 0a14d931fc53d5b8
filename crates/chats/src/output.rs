use std::io::{self, Write};

/// Prints a line on standard output. Whoever closed it does not want to know.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Says what went wrong on standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(io::stderr(), "error: {error:#}");
}
