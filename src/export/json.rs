//! JSON: an array of objects, or an object a line.

use std::io::Write;

use arrow::array::RecordBatch;

use super::{ExportError, Sink, unique_names};
use crate::domain::cell::Cell;
use crate::domain::rows::Column;

/// Objects whose keys are the display names, made unique; nested values as JSON, times RFC 3339 in
/// UTC, NULL `null`.
pub(super) struct Json {
    /// The keys, encoded.
    keys: Vec<Vec<u8>>,
    array: bool,
    first: bool,
}

impl Json {
    pub(super) fn array(columns: &[Column]) -> Self {
        let key = |name: &String| {
            serde_json::Value::from(name.as_str())
                .to_string()
                .into_bytes()
        };
        Self {
            keys: unique_names(columns).iter().map(key).collect(),
            array: true,
            first: true,
        }
    }

    pub(super) fn lines(columns: &[Column]) -> Self {
        Self {
            array: false,
            ..Self::array(columns)
        }
    }

    fn write_row<W: Write>(
        &self,
        batch: &RecordBatch,
        row: usize,
        out: &mut W,
    ) -> Result<(), ExportError> {
        out.write_all(b"{")?;
        for (index, (key, array)) in self.keys.iter().zip(batch.columns()).enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            out.write_all(key)?;
            out.write_all(b":")?;
            let cell = Cell::of(array.as_ref(), row);
            serde_json::to_writer(&mut *out, &cell).map_err(std::io::Error::from)?;
        }
        out.write_all(b"}")?;
        Ok(())
    }
}

impl<W: Write> Sink<W> for Json {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError> {
        for row in 0..batch.num_rows() {
            if self.array {
                out.write_all(if self.first { b"[\n" } else { b",\n" })?;
            }
            self.first = false;
            self.write_row(batch, row, out)?;
            if !self.array {
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut W) -> Result<(), ExportError> {
        if self.array {
            out.write_all(if self.first { b"[]\n" } else { b"\n]\n" })?;
        }
        Ok(())
    }
}
