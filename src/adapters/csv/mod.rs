//! CSV as spans: whole rows split off byte chunks that may break anywhere, so that NULL (a bare
//! empty value) and the empty text (`""`) stay apart.
//!
//! Owns the splitting for every room that reads CSV and knows no types: a [`Window`] of rows lies
//! in the chunk that it came in, values are cut out of it without a copy, and only the row that a
//! chunk's end breaks is carried over. What follows from a document does not depend on where its
//! chunks break.

mod scan;
mod split;

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow::array::StringBuilder;
use memchr::memchr_iter;

use scan::Scan;
use split::{Shape, Split};

/// The byte-order mark that some programs put first.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest row that is read: past it a quote was left open, or the row is none for a screen.
const ROW_BYTES: usize = 256 << 20;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FaultKind {
    /// Another number of values than the first row has.
    #[error("{found} values where the first line names {width} columns")]
    Width {
        /// Values in the row.
        found: usize,
        /// Values in the first row.
        width: usize,
    },
    /// A value goes on after its closing quote.
    #[error("text after a closing quote; a quote inside a value is doubled")]
    AfterQuote,
    /// The document ends between quotes.
    #[error("a quote that is never closed")]
    NeverClosed,
    /// Bytes that are no text.
    #[error("value {value} is no UTF-8 at its byte {byte}; convert the file first")]
    NotUtf8 {
        /// The value's number in its row, from 1.
        value: usize,
        /// The byte's number in the value, from 1.
        byte: usize,
    },
    /// A row past the limit.
    #[error("a row of more than {} MiB; is a quote left open?", ROW_BYTES >> 20)]
    TooLong,
}

/// A row that cannot be read. The rows before it have been handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub(super) struct CsvFault {
    /// The line, from 1; values may hold line breaks, so it is not the row's number.
    pub line: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// How much the next window may take: it ends with the row that fills either.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Rows at most.
    pub rows: usize,
    /// Bytes after which no other row is begun.
    pub bytes: usize,
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing, without quotes.
    Null,
    /// The text as it stands.
    Text(&'a str),
    /// Text in which each quote is doubled.
    Doubled(&'a str),
}

impl<'a> Value<'a> {
    /// The value as text; `None` is NULL.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Doubled(text) => Some(Cow::Owned(halves(text).collect())),
        }
    }
}

/// Appends values as texts.
pub(super) fn append_texts<'a>(to: &mut StringBuilder, values: impl Iterator<Item = Value<'a>>) {
    for value in values {
        match value {
            Value::Null => to.append_null(),
            Value::Text(text) => to.append_value(text),
            Value::Doubled(text) => {
                for half in halves(text) {
                    // Writing into a builder cannot fail.
                    let _ = to.write_str(half);
                }
                to.append_value("");
            }
        }
    }
}

/// The pieces of a text with doubled quotes, which together are the value.
fn halves(doubled: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(doubled);
    std::iter::from_fn(move || {
        let text = rest?;
        // A piece ends after the first quote of a pair.
        match text.find("\"\"") {
            Some(at) => {
                rest = text.get(at + 2..);
                text.get(..=at)
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

/// Whole rows that lie one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    text: &'a str,
    spans: &'a [split::Span],
    width: usize,
    bytes: usize,
}

impl<'a> Window<'a> {
    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.spans.len() / self.width.max(1)
    }

    /// Bytes of the document that the rows take, line breaks included and blank lines not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The values of a column, one for each row.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let text = self.text;
        let spans = self.spans.get(column..).unwrap_or_default();
        spans
            .iter()
            .step_by(self.width.max(1))
            .map(move |span| span.value(text))
    }

    /// Every value, row after row.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let text = self.text;
        self.spans.iter().map(move |span| span.value(text))
    }
}

/// Splits a document into windows of rows.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: u8,
    /// Values in a row; not known before the first.
    width: Option<usize>,
    spans: Vec<split::Span>,
    /// The beginning of a row whose end has not arrived.
    carry: Vec<u8>,
    /// Whether the carried row has been handed out.
    handed: bool,
    scan: Scan,
    /// How much of the byte-order mark has been seen; `None` behind the document's beginning.
    mark: Option<usize>,
    /// The line on which the next row begins, from 1.
    line: u64,
}

impl Splitter {
    /// For a document whose values stand between separators.
    pub(super) fn new(separator: u8) -> Self {
        Self {
            separator,
            width: None,
            spans: Vec::new(),
            carry: Vec::new(),
            handed: false,
            scan: Scan::Start,
            mark: Some(0),
            line: 1,
        }
    }

    /// The next rows, taken off the front of a chunk; `None` when the chunk is used up, its last
    /// row perhaps kept until the next. The first row comes alone and tells the width of all.
    pub(super) fn next<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
        room: Room,
    ) -> Result<Option<Window<'a>>, CsvFault> {
        self.let_go();
        self.skip_mark(chunk);
        loop {
            let carried = !self.carry.is_empty();
            if carried && !self.complete(chunk)? {
                return Ok(None);
            }
            if !carried && chunk.is_empty() {
                return Ok(None);
            }
            let source = if carried { &self.carry } else { *chunk };
            let found = self.shape(room, false).split(source, &mut self.spans);
            let found = found.map_err(|(kind, at)| self.fault(source, at, kind))?;
            if found.used == 0 {
                if source.len() >= ROW_BYTES {
                    return Err(self.fault(source, 0, FaultKind::TooLong));
                }
                self.complete(chunk)?;
                return Ok(None);
            }
            if found.rows > 0 {
                return self.hand_out(chunk, carried, found).map(Some);
            }
            // Blank lines alone.
            self.line += lines(source.get(..found.used).unwrap_or_default());
            if carried {
                self.carry.clear();
            } else {
                *chunk = chunk.get(found.used..).unwrap_or_default();
            }
        }
    }

    /// The last row, where no line break ends it; to be called after the last chunk.
    pub(super) fn finish(&mut self) -> Result<Option<Window<'_>>, CsvFault> {
        self.let_go();
        if let Some(seen) = self.mark.take()
            && let Some(beginning) = MARK.get(..seen)
            && seen < MARK.len()
        {
            self.carry.extend_from_slice(beginning);
        }
        if self.carry.is_empty() {
            return Ok(None);
        }
        let room = Room {
            rows: usize::MAX,
            bytes: usize::MAX,
        };
        let shape = self.shape(room, true);
        let found = shape.split(&self.carry, &mut self.spans);
        let found = found.map_err(|(kind, at)| self.fault(&self.carry, at, kind))?;
        if found.rows == 0 {
            self.carry.clear();
            return Ok(None);
        }
        self.hand_out(&mut &[][..], true, found).map(Some)
    }

    fn shape(&self, room: Room, last: bool) -> Shape {
        Shape {
            separator: self.separator,
            width: self.width,
            rows: self.width.map_or(1, |_| room.rows.max(1)),
            bytes: room.bytes,
            last,
        }
    }

    /// Forgets the carried row once it has been handed out.
    fn let_go(&mut self) {
        if std::mem::take(&mut self.handed) {
            self.carry.clear();
        }
    }

    fn skip_mark(&mut self, chunk: &mut &[u8]) {
        while let Some(seen) = self.mark {
            let Some((byte, rest)) = chunk.split_first() else {
                return;
            };
            match MARK.get(seen) {
                Some(expected) if expected == byte => {
                    *chunk = rest;
                    self.mark = Some(seen + 1);
                }
                // The whole mark, which is no part of the first value.
                None => self.mark = None,
                Some(_) => {
                    self.mark = None;
                    if seen > 0 {
                        self.carry
                            .extend_from_slice(MARK.get(..seen).unwrap_or_default());
                        self.scan = Scan::Bare;
                    }
                }
            }
        }
    }

    /// Carries over the chunk's bytes to the end of the row that has begun; whether it ends there.
    fn complete(&mut self, chunk: &mut &[u8]) -> Result<bool, CsvFault> {
        let (used, whole) = self.scan.run(chunk, self.separator);
        let whole_chunk = *chunk;
        let (taken, rest) = whole_chunk
            .split_at_checked(used)
            .unwrap_or((whole_chunk, &[]));
        self.carry.extend_from_slice(taken);
        *chunk = rest;
        if self.carry.len() > ROW_BYTES {
            return Err(self.fault(&self.carry, 0, FaultKind::TooLong));
        }
        Ok(whole)
    }

    /// The rows found, as a window; those before the first byte that is no text.
    fn hand_out<'a, 'c: 'a>(
        &'a mut self,
        chunk: &mut &'c [u8],
        carried: bool,
        mut found: Split,
    ) -> Result<Window<'a>, CsvFault> {
        self.handed = carried;
        let source: &[u8] = if carried { &self.carry } else { *chunk };
        let whole = source.get(..found.used).unwrap_or_default();
        let text = match std::str::from_utf8(whole) {
            Ok(text) => text,
            Err(error) => {
                let good = source.get(..error.valid_up_to()).unwrap_or_default();
                let room = Room {
                    rows: found.rows,
                    bytes: usize::MAX,
                };
                let shape = self.shape(room, false);
                found = shape.split(good, &mut self.spans).unwrap_or_default();
                if found.rows == 0 {
                    let row = source.get(found.used..).unwrap_or_default();
                    let kind = not_utf8(shape, row, error.valid_up_to() - found.used);
                    return Err(self.fault(source, found.used, kind));
                }
                // Whole rows before the first bad byte: it does not fail.
                std::str::from_utf8(good.get(..found.used).unwrap_or_default()).unwrap_or_default()
            }
        };
        self.line += lines(text.as_bytes());
        if !carried {
            *chunk = chunk.get(found.used..).unwrap_or_default();
        }
        let width = *self.width.get_or_insert(self.spans.len());
        Ok(Window {
            text,
            spans: &self.spans,
            width,
            bytes: found.bytes,
        })
    }

    fn fault(&self, source: &[u8], at: usize, kind: FaultKind) -> CsvFault {
        CsvFault {
            line: self.line + lines(source.get(..at).unwrap_or_default()),
            kind,
        }
    }
}

/// Line breaks in a piece of the document.
fn lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Where in its row the byte stands that is no text.
fn not_utf8(shape: Shape, row: &[u8], at: usize) -> FaultKind {
    let alone = Shape {
        rows: 1,
        last: true,
        ..shape
    };
    let mut spans = Vec::new();
    // The row has been split before.
    let _ = alone.split(row, &mut spans);
    let hit = spans.iter().position(|span| at < span.end());
    let start = hit
        .and_then(|value| spans.get(value))
        .map(|span| span.start());
    FaultKind::NotUtf8 {
        value: hit.unwrap_or(0) + 1,
        byte: at.saturating_sub(start.unwrap_or(at)) + 1,
    }
}

#[cfg(test)]
mod tests;
