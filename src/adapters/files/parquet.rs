//! Parquet: types and names as the file has them.

use std::fs::File;

use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::{BATCH_ROWS, Fault, Taker};

pub(super) fn schema(file: File) -> Result<SchemaRef, Fault> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
    Ok(builder.schema().clone())
}

pub(super) fn rows(file: File, take: Taker<'_>) -> Result<(), Fault> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| damaged(&error))?
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| damaged(&error))?;
    for batch in reader {
        take(batch?)?;
    }
    Ok(())
}

fn damaged(error: &ParquetError) -> Fault {
    Fault::new(format!(
        "cannot be read as Parquet, it may be truncated: {error}"
    ))
}
