//! The rows of results: pages appended behind a handle, the older ones on disk past a budget.
//!
//! Owns the temporary files that it makes, and nothing else. Appending and reading go on at the
//! same time: a reader never waits for a disk write, only for a lock around a list.

mod order;
mod spill;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;

use crate::domain::rows::{Column, Page, Rows};
pub use order::{Keep, filter, sort, sort_by_key};
use spill::{Place, SpillFile};

/// Rows in a page at most: a page read back from disk is a few megabytes even of wide rows.
const PAGE_ROWS: usize = 8_192;

/// A last page with fewer rows than this takes in the batch after it.
const SMALL_PAGE: usize = 1_024;

/// Pages read back from disk that stay in memory.
const CACHED_PAGES: usize = 8;

/// Why rows could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The temporary file cannot be made.
    #[error("cannot make a temporary file for the result in {}: {reason}", folder.display())]
    Create {
        /// Where it was tried.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The temporary file cannot be written.
    #[error("cannot write the result to disk: {0}")]
    Write(String),
    /// A batch has other columns than the result.
    #[error("a batch of the result has other columns than the result")]
    Columns,
}

/// The rows of one result, in memory up to a budget. Its temporary file goes when it does.
pub struct ResultStore {
    columns: Vec<Column>,
    schema: SchemaRef,
    budget: usize,
    folder: PathBuf,
    rows: AtomicUsize,
    pages: RwLock<Vec<Slot>>,
    /// Held by the one who appends; also the file that takes pages.
    tail: Mutex<Tail>,
    cache: Mutex<VecDeque<(usize, RecordBatch)>>,
}

/// One page and where it is.
#[derive(Debug)]
struct Slot {
    first_row: usize,
    rows: usize,
    bytes: usize,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Memory(RecordBatch),
    Disk(Place),
}

#[derive(Debug, Default)]
struct Tail {
    in_memory: usize,
    /// The first page that may still be in memory.
    oldest: usize,
    file: Option<SpillFile>,
}

impl ResultStore {
    /// An empty result. Pages past `memory_budget` bytes go to a private file in `spill_dir`.
    pub fn new(
        columns: Vec<Column>,
        schema: SchemaRef,
        memory_budget: usize,
        spill_dir: PathBuf,
    ) -> Self {
        Self {
            columns,
            schema,
            budget: memory_budget,
            folder: spill_dir,
            rows: AtomicUsize::new(0),
            pages: RwLock::default(),
            tail: Mutex::default(),
            cache: Mutex::default(),
        }
    }

    /// Appends rows. On an error of the disk the rows are kept in memory all the same.
    pub fn append(&self, batch: RecordBatch) -> Result<(), ResultError> {
        if batch.schema_ref().fields().len() != self.schema.fields().len() {
            return Err(ResultError::Columns);
        }
        let mut tail = lock(&self.tail);
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (batch.num_rows() - start).min(PAGE_ROWS);
            self.push(&batch.slice(start, rows), &mut tail)?;
            start += rows;
        }
        drop(batch);
        self.spill(&mut tail)
    }

    /// Bytes of rows in memory.
    pub fn memory(&self) -> usize {
        lock(&self.tail).in_memory
    }

    /// Bytes of rows on disk.
    pub fn on_disk(&self) -> u64 {
        lock(&self.tail).file.as_ref().map_or(0, SpillFile::len)
    }

    fn push(&self, batch: &RecordBatch, tail: &mut Tail) -> Result<(), ResultError> {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        let last = pages
            .last_mut()
            .filter(|last| last.rows < SMALL_PAGE && last.rows + batch.num_rows() <= PAGE_ROWS);
        if let Some(last) = last
            && let Held::Memory(before) = &last.held
        {
            let joined =
                concat_batches(&self.schema, [before, batch]).map_err(|_| ResultError::Columns)?;
            let bytes = weight(&joined);
            tail.in_memory = tail.in_memory - last.bytes + bytes;
            last.rows = joined.num_rows();
            last.bytes = bytes;
            last.held = Held::Memory(joined);
        } else {
            let bytes = weight(batch);
            tail.in_memory += bytes;
            pages.push(Slot {
                first_row: self.rows.load(Ordering::Relaxed),
                rows: batch.num_rows(),
                bytes,
                held: Held::Memory(batch.clone()),
            });
        }
        self.rows.fetch_add(batch.num_rows(), Ordering::Release);
        Ok(())
    }

    /// Moves the oldest pages to disk until the budget holds. The last page stays: it may grow.
    fn spill(&self, tail: &mut Tail) -> Result<(), ResultError> {
        while tail.in_memory > self.budget {
            let oldest = {
                let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
                if tail.oldest + 1 >= pages.len() {
                    return Ok(());
                }
                pages.get(tail.oldest).map(|slot| slot.held.clone())
            };
            if let Some(Held::Memory(batch)) = oldest {
                let file = match &mut tail.file {
                    Some(file) => file,
                    none => none.insert(SpillFile::create(&self.folder)?),
                };
                let place = file.write(&batch)?;
                let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(slot) = pages.get_mut(tail.oldest) {
                    slot.held = Held::Disk(place);
                    tail.in_memory -= slot.bytes;
                }
            }
            tail.oldest += 1;
        }
        Ok(())
    }

    fn cached(&self, page: usize) -> Option<RecordBatch> {
        let mut cache = lock(&self.cache);
        let at = cache.iter().position(|(cached, _)| *cached == page)?;
        let hit = cache.remove(at)?;
        let batch = hit.1.clone();
        cache.push_back(hit);
        Some(batch)
    }

    fn read_back(&self, page: usize, place: &Place) -> Option<RecordBatch> {
        if let Some(batch) = self.cached(page) {
            return Some(batch);
        }
        let batch = place.read()?;
        let mut cache = lock(&self.cache);
        if cache.len() >= CACHED_PAGES {
            cache.pop_front();
        }
        cache.push_back((page, batch.clone()));
        Some(batch)
    }
}

impl Rows for ResultStore {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn len(&self) -> usize {
        self.rows.load(Ordering::Acquire)
    }

    fn page(&self, row: usize) -> Option<Page> {
        let (at, first_row, held) = {
            let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
            let at = pages
                .partition_point(|slot| slot.first_row <= row)
                .checked_sub(1)?;
            let slot = pages.get(at)?;
            if row >= slot.first_row + slot.rows {
                return None;
            }
            (at, slot.first_row, slot.held.clone())
        };
        let batch = match held {
            Held::Memory(batch) => batch,
            Held::Disk(place) => self.read_back(at, &place)?,
        };
        Some(Page { batch, first_row })
    }
}

impl fmt::Debug for ResultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStore")
            .field("columns", &self.columns.len())
            .field("rows", &self.len())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a batch's own rows, without those of the batch that it was cut from.
fn weight(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| {
            let data = column.to_data();
            data.get_slice_memory_size()
                .unwrap_or_else(|_| column.get_array_memory_size())
        })
        .sum()
}
