use std::io::{self, BufRead, Read};

/// The most bytes that a line has, as many as the API takes in a body.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024;

/// The lines of a file that are not empty. One that is too long is passed over without being held.
pub(super) struct Lines<R> {
    reader: R,
    read: u64,
    bytes: u64,
}

/// A line, counted from 1, as in editors.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) number: u64,
    /// `None` if it is too long.
    pub(super) text: Option<Vec<u8>>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self { reader, read: 0, bytes: 0 }
    }

    /// Up to `most` further lines; fewer only at the end.
    pub(super) fn take_some(&mut self, most: usize) -> io::Result<Vec<Line>> {
        self.take(most).collect()
    }

    /// How many bytes were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut text = Vec::new();
        let with_end = MAX_LINE_BYTES as u64 + 1;
        let mut bytes = (&mut self.reader).take(with_end).read_until(b'\n', &mut text)?;
        if bytes == 0 {
            return Ok(None);
        }
        let is_too_long = bytes > MAX_LINE_BYTES && !text.ends_with(b"\n");
        if is_too_long {
            bytes += self.reader.skip_until(b'\n')?;
        }
        self.read += 1;
        self.bytes += bytes as u64;
        Ok(Some(Line { number: self.read, text: (!is_too_long).then_some(text) }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.read().transpose()?;
            let is_empty =
                |line: &Line| line.text.as_ref().is_some_and(|text| text.trim_ascii().is_empty());
            if !line.as_ref().is_ok_and(is_empty) {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &str) -> Vec<(u64, Option<String>)> {
        let lines = Lines::of(file.as_bytes()).take_some(usize::MAX).unwrap();
        let text = |line: Line| line.text.map(|text| String::from_utf8(text).unwrap());
        lines.into_iter().map(|line| (line.number, text(line))).collect()
    }

    #[test]
    fn empty_lines_are_counted_and_passed_over() {
        assert_eq!(lines("\n \r\na\n\nb"), [(3, Some("a\n".into())), (5, Some("b".into()))]);
        assert_eq!(lines(""), []);
        assert_eq!(lines("\n\n"), []);
    }

    #[test]
    fn a_line_that_is_too_long_spoils_no_other() {
        let longest = "x".repeat(MAX_LINE_BYTES);
        let file = format!("{longest}\n{longest}x\nb\n{}", "y".repeat(10 * MAX_LINE_BYTES));
        let expected =
            [(1, Some(format!("{longest}\n"))), (2, None), (3, Some("b\n".into())), (4, None)];
        assert_eq!(lines(&file), expected);
    }

    #[test]
    fn lines_are_taken_in_portions_and_their_bytes_counted() {
        let mut lines = Lines::of(&b"a\nb\n\nc\n"[..]);
        let mut take = || {
            let numbers: Vec<_> = lines.take_some(2).unwrap().iter().map(|it| it.number).collect();
            (numbers, lines.bytes())
        };
        assert_eq!(take(), (vec![1, 2], 4));
        assert_eq!(take(), (vec![4], 7));
        assert_eq!(take(), (vec![], 7));
    }
}
