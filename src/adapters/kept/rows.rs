//! The rows of a kept result, one row group at a time: a result of any size opens at once.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of kept results"
)]

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::writer::GROUP_ROWS;
use super::{KeptError, KeptResult};
use crate::domain::rows::{Column, Page, Rows};

/// Row groups that stay in memory.
const CACHED_GROUPS: usize = 8;

/// The rows of one kept result.
pub struct KeptRows {
    path: PathBuf,
    /// Open from the start, so that the rows stay readable when the result is removed. One reader
    /// at a time: clones of a handle share their place in the file.
    file: Mutex<File>,
    footer: ArrowReaderMetadata,
    columns: Vec<Column>,
    schema: SchemaRef,
    /// The first row of each group, and behind them the number of rows.
    starts: Vec<usize>,
    cache: Mutex<VecDeque<(usize, RecordBatch)>>,
}

impl KeptRows {
    pub(super) fn open(path: &Path, result: &KeptResult) -> Result<Self, KeptError> {
        let fault = |reason: String| KeptError::Read {
            file: path.to_path_buf(),
            reason,
        };
        let file = File::open(path).map_err(|error| fault(error.to_string()))?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| fault(format!("it is no whole Parquet file: {error}")))?;
        let kept = footer.schema();
        if kept.fields().len() != result.columns.len() {
            return Err(fault(
                "it has other columns than its manifest says".to_owned(),
            ));
        }
        let fields: Vec<Field> = kept
            .fields()
            .iter()
            .zip(&result.columns)
            .map(|(field, column)| field.as_ref().clone().with_name(&column.field))
            .collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, kept.metadata().clone()));
        let mut starts = vec![0];
        let mut rows = 0_usize;
        if result.columns.is_empty() {
            rows = usize::try_from(result.rows).map_err(|error| fault(error.to_string()))?;
            let groups = rows.div_ceil(GROUP_ROWS);
            starts.extend((1..=groups).map(|group| rows.min(group * GROUP_ROWS)));
        }
        for group in footer.metadata().row_groups() {
            rows += usize::try_from(group.num_rows()).map_err(|error| fault(error.to_string()))?;
            starts.push(rows);
        }
        if u64::try_from(rows) != Ok(result.rows) {
            return Err(fault(format!(
                "it has {rows} rows and its manifest says {}",
                result.rows
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            file: Mutex::new(file),
            footer,
            columns: result.display_columns(),
            schema,
            starts,
            cache: Mutex::default(),
        })
    }

    fn group(&self, group: usize, rows: usize) -> Option<RecordBatch> {
        if let Some(batch) = self.cached(group) {
            return Some(batch);
        }
        let batch = self.read(group, rows)?;
        let mut cache = self.cache();
        if cache.len() >= CACHED_GROUPS {
            cache.pop_front();
        }
        cache.push_back((group, batch.clone()));
        Some(batch)
    }

    fn read(&self, group: usize, rows: usize) -> Option<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        if self.columns.is_empty() {
            return RecordBatch::try_new_with_options(Arc::clone(&self.schema), vec![], &options)
                .ok();
        }
        let batches = {
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let clone = file.try_clone().ok()?;
            ParquetRecordBatchReaderBuilder::new_with_metadata(clone, self.footer.clone())
                .with_row_groups(vec![group])
                .with_batch_size(rows.max(1))
                .build()
                .ok()?
                .collect::<Result<Vec<_>, _>>()
                .ok()?
        };
        let whole = match batches.as_slice() {
            [only] => only.clone(),
            many => concat_batches(self.footer.schema(), many).ok()?,
        };
        RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            whole.columns().to_vec(),
            &options,
        )
        .ok()
    }

    fn cached(&self, group: usize) -> Option<RecordBatch> {
        let mut cache = self.cache();
        let at = cache.iter().position(|(cached, _)| *cached == group)?;
        let hit = cache.remove(at)?;
        let batch = hit.1.clone();
        cache.push_back(hit);
        Some(batch)
    }

    fn cache(&self) -> MutexGuard<'_, VecDeque<(usize, RecordBatch)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows for KeptRows {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    fn page(&self, row: usize) -> Option<Page> {
        let group = self
            .starts
            .partition_point(|start| *start <= row)
            .checked_sub(1)?;
        let first_row = *self.starts.get(group)?;
        let end = *self.starts.get(group + 1)?;
        let batch = self.group(group, end - first_row)?;
        Some(Page { batch, first_row })
    }
}

impl fmt::Debug for KeptRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptRows")
            .field("path", &self.path)
            .field("columns", &self.columns.len())
            .field("rows", &self.len())
            .finish_non_exhaustive()
    }
}
