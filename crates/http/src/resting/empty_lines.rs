use memchr::memchr_iter;

/// Counts the empty lines of what comes in pieces.
#[derive(Default)]
pub(super) struct EmptyLines {
    count: u64,
    last: Line,
    /// If the last line is ended and nothing came after it.
    is_ended: bool,
}

/// What a line consists of so far.
#[derive(Default, Clone, Copy, PartialEq)]
enum Line {
    #[default]
    Nothing,
    /// A carriage return, which belongs to the line's end if that comes next.
    Return,
    Text,
}

impl EmptyLines {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn is_at_the_end(&self) -> bool {
        self.is_ended && self.last != Line::Text
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut begin = 0;
        for end in memchr_iter(b'\n', bytes) {
            self.go_on(&bytes[begin..end]);
            self.count += u64::from(self.last != Line::Text);
            self.is_ended = true;
            begin = end + 1;
        }
        if begin < bytes.len() {
            self.go_on(&bytes[begin..]);
        }
    }

    fn go_on(&mut self, text: &[u8]) {
        let before = if self.is_ended { Line::Nothing } else { self.last };
        self.is_ended = false;
        self.last = match (before, text) {
            (_, b"") => before,
            (Line::Nothing, b"\r") => Line::Return,
            _ => Line::Text,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::EmptyLines;

    fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (u64, bool) {
        let mut lines = EmptyLines::default();
        pieces.into_iter().for_each(|piece| lines.take(piece));
        (lines.count(), lines.is_at_the_end())
    }

    #[test]
    fn a_line_is_empty_whichever_way_it_ends() {
        for (text, count, is_at_the_end) in [
            ("", 0, false),
            ("\n", 1, true),
            ("\r\n", 1, true),
            ("\r\r\n", 0, false),
            ("a\r\n", 0, false),
            ("a\r\n\r\n", 1, true),
            ("a\n\n", 1, true),
            ("a\n\r\n", 1, true),
            ("a\r\n\r", 0, false),
            ("a\r\n\r\nb", 1, false),
            ("a\r\n\r\n\r", 1, false),
            ("a\r\n\r\n\r\n", 2, true),
            ("a\r\n \r\n", 0, false),
        ] {
            assert_eq!(of([text.as_bytes()]), (count, is_at_the_end), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_it_comes(
            text in "[a\r\n]{0,12}",
            at in prop::collection::vec(0..12_usize, 0..4),
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<_> = at.into_iter().filter(|at| *at <= bytes.len()).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces = at.windows(2).map(|window| &bytes[window[0]..window[1]]);
            prop_assert_eq!(of(pieces), of([bytes]));
        }
    }
}
