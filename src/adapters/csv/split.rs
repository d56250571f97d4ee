//! The inner loop: where the values of whole rows begin and end.

use memchr::{memchr, memchr2};

use super::{FaultKind, ROW_BYTES, Value};

/// The quote.
pub(super) const QUOTE: u8 = b'"';

/// Bytes after which a window ends, so that rows and their spans stay in the processor's cache
/// while the columns are read from them.
const WINDOW: usize = 256 << 10;

/// Marks the end of a span whose text has doubled quotes.
const DOUBLED: u32 = 1 << 31;

/// Where a value lies in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    /// With [`DOUBLED`]; less than the start for NULL.
    end: u32,
}

impl Span {
    const NULL: Self = Self { start: 1, end: 0 };

    fn new(start: usize, end: usize, doubled: bool) -> Self {
        // A row ends below 2^28, and a window with the row that passes its length.
        let narrow = |at: usize| u32::try_from(at).unwrap_or(0) & !DOUBLED;
        Self {
            start: narrow(start),
            end: narrow(end) | if doubled { DOUBLED } else { 0 },
        }
    }

    /// The first byte.
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    /// The byte behind the last.
    pub(super) fn end(self) -> usize {
        (self.end & !DOUBLED) as usize
    }

    /// The value in the window's text.
    #[inline]
    pub(super) fn value(self, text: &str) -> Value<'_> {
        let value = text.get(self.start()..self.end());
        match value {
            // A span of NULL ends before it begins.
            None => Value::Null,
            Some(value) if self.end & DOUBLED == 0 => Value::Text(value),
            Some(value) => Value::Doubled(value),
        }
    }
}

/// What rows look like, and how many to find.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Between values.
    pub separator: u8,
    /// Values in a row, where that is known.
    pub width: Option<usize>,
    /// Rows at most.
    pub rows: usize,
    /// Bytes after which no other row is begun.
    pub bytes: usize,
    /// Whether the document ends where the bytes end.
    pub last: bool,
}

/// What was found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Split {
    /// Bytes to the end of the last whole row.
    pub used: usize,
    /// Whole rows that are not blank.
    pub rows: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// How one row ends.
enum End {
    /// Before this byte the next row begins.
    At(usize),
    /// Behind the bytes that are there.
    Missing,
    /// Not at all.
    Fault(FaultKind, usize),
}

impl Shape {
    /// The spans of whole rows at the front. A fault is told with its byte, and only where no row
    /// comes before it.
    pub(super) fn split(
        self,
        data: &[u8],
        spans: &mut Vec<Span>,
    ) -> Result<Split, (FaultKind, usize)> {
        spans.clear();
        let mut found = Split::default();
        let all = data.len().min(WINDOW);
        while found.rows < self.rows && found.bytes < self.bytes && found.used < all {
            let before = spans.len();
            let end = self.row(data, found.used, spans);
            let count = spans.len() - before;
            let fault = match end {
                End::At(next) if next - found.used > ROW_BYTES => (FaultKind::TooLong, found.used),
                End::At(next) => {
                    let width = *self.width.as_ref().unwrap_or(&count);
                    if count == width {
                        found.rows += 1;
                        found.bytes += next - found.used;
                        found.used = next;
                        continue;
                    }
                    // An empty line is a row of one NULL where there is one column, and nothing
                    // elsewhere.
                    if spans.get(before..) == Some(&[Span::NULL]) {
                        spans.truncate(before);
                        found.used = next;
                        continue;
                    }
                    let found_here = FaultKind::Width {
                        found: count,
                        width,
                    };
                    (found_here, found.used)
                }
                End::Missing => {
                    spans.truncate(before);
                    break;
                }
                End::Fault(kind, at) => (kind, at),
            };
            spans.truncate(before);
            if found.rows == 0 {
                return Err(fault);
            }
            break;
        }
        Ok(found)
    }

    /// The spans of the row that begins at a byte.
    #[inline]
    fn row(self, data: &[u8], start: usize, spans: &mut Vec<Span>) -> End {
        let mut at = start;
        loop {
            let quoted = data.get(at) == Some(&QUOTE);
            if quoted {
                let first = at + 1;
                let mut from = first;
                let mut doubled = false;
                let end = loop {
                    let Some(end) = quote(data, from) else {
                        if self.last {
                            return End::Fault(FaultKind::NeverClosed, start);
                        }
                        return End::Missing;
                    };
                    if data.get(end + 1) != Some(&QUOTE) {
                        break end;
                    }
                    doubled = true;
                    from = end + 2;
                };
                spans.push(Span::new(first, end, doubled));
                at = end + 1;
                // The first half of a line's end.
                while data.get(at) == Some(&b'\r') {
                    at += 1;
                }
            } else {
                let rest = data.get(at..).unwrap_or_default();
                let length = match memchr2(self.separator, b'\n', rest) {
                    Some(length) => length,
                    None if self.last => rest.len(),
                    None => return End::Missing,
                };
                let ends_line = rest.get(length) != Some(&self.separator);
                let bare = rest.get(..length).unwrap_or_default();
                let kept = match bare {
                    [kept @ .., b'\r'] if ends_line => kept.len(),
                    _ => length,
                };
                spans.push(if kept == 0 {
                    Span::NULL
                } else {
                    Span::new(at, at + kept, false)
                });
                at += length;
            }
            match data.get(at).copied() {
                Some(byte) if byte == self.separator => at += 1,
                Some(b'\n') => return End::At(at + 1),
                None if self.last => return End::At(at),
                None => return End::Missing,
                Some(_) => return End::Fault(FaultKind::AfterQuote, at),
            }
        }
    }
}

/// The next quote from a byte on. Most values are short: the first words are looked at in place.
#[inline]
fn quote(data: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([QUOTE; 8]);
    const WORDS: usize = 4;
    let mut at = from;
    for _ in 0..WORDS {
        let Some(word) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            break;
        };
        let word = u64::from_le_bytes(*word) ^ QUOTES;
        // The lowest bit that is set marks the first zero byte, which was a quote.
        let zeros = word.wrapping_sub(ONES) & !word & HIGHS;
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr(QUOTE, data.get(at..)?).map(|found| at + found)
}
