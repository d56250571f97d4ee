//! JSON: an array of objects, or an object a line.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, SchemaRef};
use serde::de::IgnoredAny;

use super::{ExportError, Sink, unique_names};
use crate::domain::cell::{Cell, is_json};
use crate::domain::rows::Column;

/// Objects whose keys are the display names, made unique; nested values and values of type JSON as
/// JSON, times RFC 3339 in UTC, NULL `null`.
pub(super) struct Json {
    /// The keys, encoded, and whether the column's texts are JSON themselves.
    keys: Vec<(Vec<u8>, bool)>,
    array: bool,
    first: bool,
}

impl Json {
    pub(super) fn array(schema: &SchemaRef, columns: &[Column]) -> Self {
        let key = |(name, field): (String, &FieldRef)| {
            let key = serde_json::Value::from(name).to_string().into_bytes();
            (key, is_json(field))
        };
        let names = unique_names(columns).into_iter();
        Self {
            keys: names.zip(schema.fields()).map(key).collect(),
            array: true,
            first: true,
        }
    }

    pub(super) fn lines(schema: &SchemaRef, columns: &[Column]) -> Self {
        Self {
            array: false,
            ..Self::array(schema, columns)
        }
    }

    fn write_row<W: Write>(
        &self,
        batch: &RecordBatch,
        row: usize,
        out: &mut W,
    ) -> Result<(), ExportError> {
        out.write_all(b"{")?;
        for (index, ((key, json), array)) in self.keys.iter().zip(batch.columns()).enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            out.write_all(key)?;
            out.write_all(b":")?;
            let cell = Cell::of(array.as_ref(), row);
            match &cell {
                Cell::Text(text) if *json && is_one_line_of_json(text) => {
                    out.write_all(text.as_bytes())?;
                }
                _ => serde_json::to_writer(&mut *out, &cell).map_err(std::io::Error::from)?,
            }
        }
        out.write_all(b"}")?;
        Ok(())
    }
}

/// Whether a text can stand for itself: valid, and without a line break, which ends an object.
fn is_one_line_of_json(text: &str) -> bool {
    !text.contains(['\n', '\r']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
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
