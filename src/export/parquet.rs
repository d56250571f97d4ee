//! Parquet, ZSTD.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{ExportError, Sink, unfit, unique_names};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::format::Format;
use crate::domain::rows::Column;

/// A row group is closed at this size in memory, so that memory stays flat.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// The Arrow types as they are but for intervals, under the display names, made unique.
pub(super) struct Parquet {
    /// Taken at the end.
    writer: Option<ArrowWriter<Vec<u8>>>,
    schema: SchemaRef,
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef, columns: &[Column]) -> Result<Self, ExportError> {
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .zip(unique_names(columns))
            .map(|(field, name)| {
                let field = field.as_ref().clone().with_name(name);
                Arc::new(match field.data_type() {
                    DataType::Interval(_) => field.with_data_type(DataType::Utf8),
                    _ => field,
                })
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("lakehound ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))
            .map_err(|error| failed(&error))?;
        Ok(Self {
            writer: Some(writer),
            schema,
        })
    }
}

impl<W: Write> Sink<W> for Parquet {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = batch.columns().iter().map(written).collect();
        let renamed =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
                .map_err(|error| unfit(Format::Parquet, &error))?;
        writer.write(&renamed).map_err(|error| failed(&error))?;
        if writer.in_progress_size() > ROW_GROUP_BYTES {
            writer.flush().map_err(|error| failed(&error))?;
        }
        // The writer only ever appends to its buffer: what is there may leave.
        out.write_all(writer.inner())?;
        writer.inner_mut().clear();
        Ok(())
    }

    fn finish(&mut self, out: &mut W) -> Result<(), ExportError> {
        if let Some(writer) = self.writer.take() {
            let rest = writer.into_inner().map_err(|error| failed(&error))?;
            out.write_all(&rest)?;
        }
        Ok(())
    }
}

/// A column as Parquet takes it: it has no type for intervals, which are written as text.
fn written(column: &ArrayRef) -> ArrayRef {
    if !matches!(column.data_type(), DataType::Interval(_)) {
        return Arc::clone(column);
    }
    let text = |row| Cell::of(column.as_ref(), row).text(TimeStyle::Athena);
    let texts: StringArray = (0..column.len()).map(text).collect();
    Arc::new(texts)
}

fn failed(error: &ParquetError) -> ExportError {
    ExportError::Unfit {
        format: Format::Parquet,
        reason: error.to_string(),
    }
}
