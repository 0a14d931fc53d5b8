use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// How far an import has come, on standard error if that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Progress through so many bytes, if that is known.
    pub(super) fn through(bytes: Option<u64>) -> Self {
        let (bar, style) = match bytes {
            Some(bytes) => {
                (ProgressBar::new(bytes), "{wide_bar} {percent} %, {eta} to go, {msg} lines")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {elapsed}, {msg} lines"),
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// The lines so far, of so many bytes, are done.
    pub(super) fn reach(&self, line: u64, bytes: u64) {
        self.0.set_position(bytes);
        self.0.set_message(line.to_string());
    }

    /// Says something on standard error.
    pub(super) fn say(&self, text: &str) {
        self.0.suspend(|| output::say(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
