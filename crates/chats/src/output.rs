use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};

/// As clap has its own errors.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Prints a line on standard output. Whoever closed it does not want to know.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a text on standard output as it is.
pub(crate) fn text(text: &[u8]) {
    let _ = io::stdout().write_all(text);
}

/// Says something on standard error. Whoever closed it does not want to know.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says what went wrong on standard error, with colour where that is a terminal.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {error:#}");
}
