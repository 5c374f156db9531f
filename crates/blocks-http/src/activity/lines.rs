//! Bytes as they arrive, made into lines.

/// The lines of a stream whose bytes come in pieces of any size.
#[derive(Debug)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// How far no end of a line was found.
    seen: usize,
    /// How many bytes a line may have.
    most: usize,
}

/// A line that is longer than it may be; nothing after it can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    pub(super) most: usize,
}

impl Lines {
    pub(super) const fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, seen: 0, most }
    }

    /// Adds a piece; call it where [`Self::next`] has no line left.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// The next line that is whole, without its end; one of nothing but white space is empty.
    pub(super) fn next(&mut self) -> Option<Result<&[u8], TooLong>> {
        let end = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n');
        let end = end.map(|found| self.seen + found);
        let (start, until) = (self.start, end.unwrap_or(self.bytes.len()));
        if until - start > self.most {
            return Some(Err(TooLong { most: self.most }));
        }
        self.seen = end.map_or(until, |end| end + 1);
        self.start = self.seen;
        if end.is_none() {
            self.start = start;
            return None;
        }
        Some(Ok(self.bytes[start..until].trim_ascii()))
    }

    /// What is left behind the last whole line.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes[self.start..].trim_ascii()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of pieces, and what is left.
    fn lines(pieces: &[&[u8]], most: usize) -> Result<(Vec<String>, String), TooLong> {
        let (mut lines, mut found) = (Lines::new(most), Vec::new());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.next() {
                found.push(text(line?));
            }
        }
        Ok((found, text(lines.rest())))
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be_and_no_longer() {
        for end in ["\n", "x\n"] {
            let pieces = ["12345".as_bytes(), end.as_bytes()];
            assert_eq!(lines(&pieces, 5).is_ok(), end == "\n", "{end:?}");
            assert_eq!(lines(&[pieces.concat().as_slice()], 5).is_ok(), end == "\n", "{end:?}");
        }
        assert_eq!(lines(&[b"1\n", b"123456"], 5), Err(TooLong { most: 5 }), "without an end");
        let many = [b"12345\n12345\n12345\n".as_slice(), b"1"];
        assert_eq!(lines(&many, 5).expect("short lines").0.len(), 3, "each by itself");
    }

    #[test]
    fn what_was_read_is_not_kept() {
        let mut lines = Lines::new(64);
        for _ in 0..1000 {
            lines.push(b"{\"data\":1}\r\n{\"da");
            while lines.next().is_some() {}
            lines.push(b"ta\":2}\r\n");
            while lines.next().is_some() {}
        }
        assert!(lines.bytes.len() < 64, "{}", lines.bytes.len());
    }

    proptest! {
        #[test]
        fn however_bytes_are_cut_the_lines_are_the_same(
            text in "([a-cé]{0,4}(\r\n|\n)){0,6}[a-cé]{0,4}",
            cuts in prop::collection::vec(0..40_usize, 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> =
                cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let mut expected: Vec<_> = text.split('\n').map(|line| line.trim().to_owned()).collect();
            let rest = expected.pop().expect("a last one");
            prop_assert_eq!(lines(&pieces, 64), Ok((expected, rest)));
        }
    }
}
