//! CSV, read so that NULL and the empty text stay apart: a bare empty value is NULL, `""` is the
//! empty text. That is how Athena writes its results, and the quoting is all that tells them apart.

use std::io::BufRead;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::SchemaRef;

use super::{BATCH_BYTES, BATCH_ROWS, Fault, Taker};
use crate::adapters::csv::{CsvFault, Room, Splitter, Window, append_texts};

impl From<CsvFault> for Fault {
    fn from(fault: CsvFault) -> Self {
        Self::at(fault.line, fault.kind.to_string())
    }
}

/// The names in the first line.
pub(super) fn header(mut input: impl BufRead, separator: u8) -> Result<Vec<String>, Fault> {
    let mut splitter = Splitter::new(separator);
    let room = Room { rows: 1, bytes: 1 };
    loop {
        let bytes = input.fill_buf()?;
        let length = bytes.len();
        let window = if length == 0 {
            splitter.finish()?
        } else {
            splitter.next(&mut &*bytes, room)?
        };
        if let Some(window) = window {
            return Ok(names(&window));
        }
        if length == 0 {
            return Err(Fault::new(
                "is empty: a CSV file begins with the names of its columns",
            ));
        }
        input.consume(length);
    }
}

/// The texts of a window's only row.
fn names(window: &Window<'_>) -> Vec<String> {
    window
        .values()
        .map(|value| value.text().unwrap_or_default().into_owned())
        .collect()
}

/// The rows after the first line.
pub(super) fn rows(
    mut input: impl BufRead,
    separator: u8,
    schema: &SchemaRef,
    take: Taker<'_>,
) -> Result<(), Fault> {
    let mut splitter = Splitter::new(separator);
    let mut batch = Batch::new(schema);
    let mut read = || -> Result<(), Fault> {
        loop {
            let bytes = input.fill_buf()?;
            let length = bytes.len();
            if length == 0 {
                break;
            }
            let mut chunk = bytes;
            while let Some(window) = splitter.next(&mut chunk, batch.room())? {
                batch.push(&window, take)?;
            }
            input.consume(length);
        }
        match splitter.finish()? {
            Some(window) => batch.push(&window, take),
            None => Ok(()),
        }
    };
    let outcome = read();
    // The rows before a fault come first.
    batch.hand_out(take)?;
    outcome
}

/// The rows of one batch in the making.
struct Batch<'a> {
    schema: &'a SchemaRef,
    columns: Vec<StringBuilder>,
    /// Whether the names have been passed over.
    begun: bool,
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
            begun: false,
            rows: 0,
            bytes: 0,
        }
    }

    fn room(&self) -> Room {
        Room {
            rows: BATCH_ROWS - self.rows,
            bytes: BATCH_BYTES - self.bytes,
        }
    }

    fn push(&mut self, window: &Window<'_>, take: Taker<'_>) -> Result<(), Fault> {
        if !std::mem::replace(&mut self.begun, true) {
            let (found, width) = (window.values().count(), self.columns.len());
            if found == width {
                return Ok(());
            }
            let message = format!("{found} columns where there were {width}: the file has changed");
            return Err(Fault::at(1, message));
        }
        for (index, column) in self.columns.iter_mut().enumerate() {
            append_texts(column, window.column(index));
        }
        self.rows += window.rows();
        self.bytes += window.bytes();
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.hand_out(take)?;
        }
        Ok(())
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
