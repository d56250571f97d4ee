//! CSV, read so that NULL and the empty text stay apart: a bare empty value is NULL, `""` is the
//! empty text. That is how Athena writes its results, and the quoting is all that tells them apart.

use std::io::BufRead;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::SchemaRef;

use super::{BATCH_BYTES, BATCH_ROWS, Fault, Taker};

/// The byte-order mark that some programs put first.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The names in the first line.
pub(super) fn header(input: impl BufRead, separator: u8) -> Result<Vec<String>, Fault> {
    let mut reader = Reader::new(input, separator);
    let mut record = Record::default();
    if !reader.read(&mut record)? {
        return Err(Fault::new(
            "is empty: a CSV file begins with the names of its columns",
        ));
    }
    (0..record.len())
        .map(|index| Ok(record.text(index)?.unwrap_or_default().to_owned()))
        .collect()
}

/// The rows after the first line.
pub(super) fn rows(
    input: impl BufRead,
    separator: u8,
    schema: &SchemaRef,
    take: Taker<'_>,
) -> Result<(), Fault> {
    let width = schema.fields().len();
    let mut reader = Reader::new(input, separator);
    let mut record = Record::default();
    reader.read(&mut record)?;
    let mut batch = Batch::new(schema);
    while reader.read(&mut record)? {
        // An empty line is a row of one NULL where there is one column, and nothing elsewhere.
        if width > 1 && record.is_blank() {
            continue;
        }
        if record.len() != width {
            batch.hand_out(take)?;
            let found = record.len();
            let message = format!("{found} values where the first line names {width} columns");
            return Err(Fault::at(record.line, message));
        }
        if let Err(fault) = batch.push(&record) {
            batch.hand_out(take)?;
            return Err(fault);
        }
        if batch.is_full() {
            batch.hand_out(take)?;
        }
    }
    batch.hand_out(take)
}

/// The rows of one batch in the making.
struct Batch<'a> {
    schema: &'a SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    bytes: usize,
}

impl<'a> Batch<'a> {
    fn new(schema: &'a SchemaRef) -> Self {
        let columns = schema
            .fields()
            .iter()
            .map(|_| StringBuilder::new())
            .collect();
        Self {
            schema,
            columns,
            rows: 0,
            bytes: 0,
        }
    }

    fn push(&mut self, record: &Record) -> Result<(), Fault> {
        // Checked before anything is kept, so that no row is kept in part.
        for index in 0..record.len() {
            record.text(index)?;
        }
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.append_option(record.text(index)?);
        }
        self.rows += 1;
        self.bytes += record.bytes.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn hand_out(&mut self, take: Taker<'_>) -> Result<(), Fault> {
        if self.rows == 0 {
            return Ok(());
        }
        let columns = self.columns.iter_mut();
        let columns: Vec<ArrayRef> = columns
            .map(|column| Arc::new(column.finish()) as ArrayRef)
            .collect();
        (self.rows, self.bytes) = (0, 0);
        take(RecordBatch::try_new(Arc::clone(self.schema), columns)?)
    }
}

/// The values of a row, one after the other.
#[derive(Debug, Default)]
struct Record {
    bytes: Vec<u8>,
    /// Where each value ends, and whether it was quoted.
    ends: Vec<(usize, bool)>,
    /// The line on which the row begins.
    line: u64,
}

impl Record {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn is_blank(&self) -> bool {
        matches!(self.ends.as_slice(), [(0, false)])
    }

    /// A value; `None` is NULL.
    fn text(&self, index: usize) -> Result<Option<&str>, Fault> {
        let Some((end, quoted)) = self.ends.get(index).copied() else {
            return Ok(None);
        };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].0);
        let bytes = &self.bytes[start..end];
        if bytes.is_empty() && !quoted {
            return Ok(None);
        }
        std::str::from_utf8(bytes).map(Some).map_err(|error| {
            let place = error.valid_up_to() + 1;
            let message = format!(
                "value {} is no UTF-8 at its byte {place}; convert the file first",
                index + 1
            );
            Fault::at(self.line, message)
        })
    }
}

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a value.
    Start,
    /// In a value without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the end, or the first of a doubled one.
    Closed,
}

struct Reader<R> {
    input: R,
    separator: u8,
    /// The current line, from 1.
    line: u64,
    begun: bool,
}

impl<R: BufRead> Reader<R> {
    fn new(input: R, separator: u8) -> Self {
        Self {
            input,
            separator,
            line: 1,
            begun: false,
        }
    }

    /// Reads the next row; `false` after the last.
    fn read(&mut self, record: &mut Record) -> Result<bool, Fault> {
        record.bytes.clear();
        record.ends.clear();
        record.line = self.line;
        let mut state = State::Start;
        let mut quoted = false;
        let mut any = false;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let mut used = 0;
            if !self.begun {
                self.begun = true;
                if chunk.starts_with(MARK) {
                    used = MARK.len();
                }
            }
            let mut ended = false;
            while let Some(byte) = chunk.get(used).copied() {
                used += 1;
                any = true;
                self.line += u64::from(byte == b'\n');
                state = match (state, byte) {
                    (State::Start, b'"') => {
                        quoted = true;
                        State::Quoted
                    }
                    (State::Quoted, b'"') => State::Closed,
                    (State::Quoted, byte) => {
                        record.bytes.push(byte);
                        State::Quoted
                    }
                    (State::Closed, b'"') => {
                        record.bytes.push(b'"');
                        State::Quoted
                    }
                    (_, b'\n') => {
                        ended = true;
                        break;
                    }
                    (_, byte) if byte == self.separator => {
                        end_value(record, &mut quoted);
                        State::Start
                    }
                    // The first half of a line's end.
                    (State::Closed, b'\r') => State::Closed,
                    (State::Closed, _) => {
                        let message =
                            "text after a closing quote; a quote inside a value is doubled";
                        return Err(Fault::at(self.line, message));
                    }
                    (State::Start | State::Bare, byte) => {
                        record.bytes.push(byte);
                        State::Bare
                    }
                };
            }
            self.input.consume(used);
            if ended {
                end_line(record, state, &mut quoted);
                return Ok(true);
            }
        }
        if state == State::Quoted {
            return Err(Fault::at(record.line, "a quote that is never closed"));
        }
        if any {
            end_line(record, state, &mut quoted);
        }
        Ok(any)
    }
}

/// Ends the last value of a line; a carriage return before the line feed is no part of it.
fn end_line(record: &mut Record, state: State, quoted: &mut bool) {
    if state == State::Bare && record.bytes.ends_with(b"\r") {
        record.bytes.pop();
    }
    end_value(record, quoted);
}

fn end_value(record: &mut Record, quoted: &mut bool) {
    record
        .ends
        .push((record.bytes.len(), std::mem::take(quoted)));
}
