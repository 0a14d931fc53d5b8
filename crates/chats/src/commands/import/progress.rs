use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// How often it is told how far an import has come, where no bar shows it.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// How far an import has come, on standard error: as a bar, or as a line now and then if that is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    /// When it was told by a line.
    told: Instant,
}

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
        Self { bar, told: Instant::now() }
    }

    /// The lines so far, of so many bytes, are done.
    pub(super) fn reach(&mut self, line: u64, bytes: u64) {
        self.bar.set_position(bytes);
        self.bar.set_message(line.to_string());
        if self.is_to_be_told(Instant::now()) {
            self.say(&format!("lines so far: {line}"));
        }
    }

    fn is_to_be_told(&mut self, now: Instant) -> bool {
        let is_to_be = self.bar.is_hidden() && now.duration_since(self.told) >= BETWEEN_LINES;
        if is_to_be {
            self.told = now;
        }
        is_to_be
    }

    /// Says something on standard error.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| output::say(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_bar_is_shown_a_line_tells_every_ten_seconds() {
        let start = Instant::now();
        let mut progress = Progress { bar: ProgressBar::hidden(), told: start };
        let told_after = [0, 9, 10, 11, 19, 25, 34, 35]
            .map(|seconds| progress.is_to_be_told(start + Duration::from_secs(seconds)));
        assert_eq!(told_after, [false, false, true, false, false, true, false, true]);
    }
}
