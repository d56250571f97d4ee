//! Rows into bytes: one writer for each format, and nothing else may write one.
//!
//! Batches come in one after the other and leave at once: memory stays flat however long the
//! result is. Formats for machines (CSV, JSON, Parquet) carry data exactly; formats for people
//! (table, Markdown) show what could harm a reader as visible escapes; the spreadsheet-safe CSV is
//! altered and says where.

mod csv;
mod json;
mod markdown;
mod parquet;
mod table;

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::domain::format::Format;
use crate::domain::rows::Column;

pub use crate::domain::names::unique_names;

/// An export that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The place it is written to takes no more.
    #[error("could not write the result: {0}")]
    Io(#[from] io::Error),
    /// A value cannot be written in this format.
    #[error("this result cannot be written as {format}: {reason}")]
    Unfit {
        /// The format.
        format: Format,
        /// Why not.
        reason: String,
    },
}

impl ExportError {
    /// Whether the reader at the other end of a pipe has left: no failure worth a word.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What each format's writer does. Batches have the schema that the writer was made for.
trait Sink<W> {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError>;
    fn finish(&mut self, out: &mut W) -> Result<(), ExportError>;
}

/// Writes one result in one format.
pub struct Writer<W: Write> {
    out: W,
    sink: Box<dyn Sink<W> + Send>,
    rows: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a result. `columns` are the display names, as many as the schema has fields; the
    /// writer buffers little, so `out` should be a `BufWriter` or the like.
    pub fn new(
        format: Format,
        schema: &SchemaRef,
        columns: &[Column],
        mut out: W,
    ) -> Result<Self, ExportError> {
        let sink: Box<dyn Sink<W> + Send> = match format {
            Format::Csv => Box::new(csv::Csv::exact(columns, &mut out)?),
            Format::CsvSafe => Box::new(csv::Csv::safe(columns, &mut out)?),
            Format::Json => Box::new(json::Json::array(schema, columns)),
            Format::Ndjson => Box::new(json::Json::lines(schema, columns)),
            Format::Parquet => Box::new(parquet::Parquet::new(schema, columns)?),
            Format::Table => Box::new(table::Table::new(schema, columns)),
            Format::Markdown => Box::new(markdown::Markdown::new(schema, columns, &mut out)?),
        };
        Ok(Self { out, sink, rows: 0 })
    }

    /// Writes the rows of a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        self.rows += batch.num_rows() as u64;
        self.sink.write(batch, &mut self.out)
    }

    /// Ends the result, flushes, and tells how many rows it has. Without this call the file is
    /// incomplete.
    pub fn finish(mut self) -> Result<u64, ExportError> {
        self.sink.finish(&mut self.out)?;
        self.out.flush()?;
        Ok(self.rows)
    }
}

fn unfit(format: Format, reason: &ArrowError) -> ExportError {
    ExportError::Unfit {
        format,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests;
