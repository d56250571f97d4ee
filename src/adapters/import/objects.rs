//! The objects that an import makes: one for each partition, written beside each other under names
//! of no meaning until all are complete.
//!
//! Memory stays bounded: row groups are closed early where many partitions are open, and the
//! partition that nothing came for the longest is closed where too many are; should more rows come
//! for it, they make another object.

#![allow(
    clippy::disallowed_methods,
    reason = "this room writes the objects of a lake"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::ImportError;
use super::page::Partition;

/// Rows of a row group at most.
const GROUP_ROWS: usize = 65_536;

/// Bytes of all row groups under way, about.
const BUDGET: usize = 192 << 20;

/// Objects under way at most.
const OPEN: usize = 96;

/// An object that is complete and not yet in its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Staged {
    pub(super) partition: Partition,
    pub(super) file: String,
    pub(super) rows: u64,
}

struct Writer {
    parquet: ArrowWriter<BufWriter<File>>,
    file: String,
    rows: u64,
    /// What it takes of the budget.
    weight: usize,
}

struct Slot {
    state: Mutex<Slotted>,
    used: AtomicU64,
}

/// What a slot holds.
#[derive(Default)]
enum Slotted {
    #[default]
    Empty,
    Open(Box<Writer>),
    /// Taken out of the map: rows need another slot.
    Closed,
}

/// Takes rows of all partitions from all threads.
pub(super) struct Objects {
    folder: PathBuf,
    open: Mutex<HashMap<Arc<Partition>, Arc<Slot>>>,
    done: Mutex<Vec<Staged>>,
    clock: AtomicU64,
    weight: AtomicUsize,
    /// Objects under way at most.
    most: usize,
}

impl Objects {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self::with_most(folder, OPEN)
    }

    fn with_most(folder: PathBuf, most: usize) -> Self {
        Self {
            most,
            folder,
            open: Mutex::default(),
            done: Mutex::default(),
            clock: AtomicU64::new(0),
            weight: AtomicUsize::new(0),
        }
    }

    fn failed(&self, error: &dyn std::error::Error) -> ImportError {
        ImportError::Write {
            path: self.folder.clone(),
            why: error.to_string(),
        }
    }

    /// Appends rows to the object of a partition.
    pub(super) fn append(
        &self,
        partition: &Arc<Partition>,
        rows: &RecordBatch,
    ) -> Result<(), ImportError> {
        loop {
            let slot = self.slot(partition)?;
            let mut held = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*held, Slotted::Empty) {
                *held = Slotted::Open(Box::new(self.begin(rows)?));
            }
            if let Slotted::Open(writer) = &mut *held {
                writer
                    .parquet
                    .write(rows)
                    .map_err(|error| self.failed(&error))?;
                writer.rows += rows.num_rows() as u64;
                self.weigh(writer);
                break;
            }
        }
        if self.weight.load(Ordering::Relaxed) > BUDGET {
            self.lighten()?;
        }
        Ok(())
    }

    fn begin(&self, rows: &RecordBatch) -> Result<Writer, ImportError> {
        let number = self.clock.fetch_add(1, Ordering::Relaxed);
        let name = format!("{number:08}.part");
        let path = self.folder.join(&name);
        let file = File::create_new(&path).map_err(|error| self.failed(&error))?;
        let level = ZstdLevel::try_new(1).map_err(|error| self.failed(&error))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(concat!("lakehound import ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        let file_out = BufWriter::with_capacity(128 << 10, file);
        let parquet = ArrowWriter::try_new_with_options(file_out, rows.schema(), options)
            .map_err(|error| self.failed(&error))?;
        Ok(Writer {
            parquet,
            file: name,
            rows: 0,
            weight: 0,
        })
    }

    fn weigh(&self, writer: &mut Writer) {
        let now = writer.parquet.memory_size();
        self.weight.fetch_add(now, Ordering::Relaxed);
        self.weight.fetch_sub(writer.weight, Ordering::Relaxed);
        writer.weight = now;
    }

    fn slot(&self, partition: &Arc<Partition>) -> Result<Arc<Slot>, ImportError> {
        let used = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = open.get(partition) {
            slot.used.store(used, Ordering::Relaxed);
            return Ok(Arc::clone(slot));
        }
        let slot = Arc::new(Slot {
            state: Mutex::default(),
            used: AtomicU64::new(used),
        });
        open.insert(Arc::clone(partition), Arc::clone(&slot));
        let oldest = (open.len() > self.most)
            .then(|| {
                let by_use = open
                    .iter()
                    .min_by_key(|(_, slot)| slot.used.load(Ordering::Relaxed));
                by_use.map(|(partition, _)| Arc::clone(partition))
            })
            .flatten();
        let closing = oldest.and_then(|oldest| open.remove(&oldest).map(|slot| (oldest, slot)));
        drop(open);
        if let Some((partition, slot)) = closing {
            self.close(&partition, &slot)?;
        }
        Ok(slot)
    }

    /// Closes the row groups that take more than their share.
    fn lighten(&self) -> Result<(), ImportError> {
        let slots: Vec<Arc<Slot>> = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.values().cloned().collect()
        };
        let share = BUDGET / slots.len().max(1) / 2;
        for slot in slots {
            // One that is busy weighs itself when it is done.
            let Ok(mut held) = slot.state.try_lock() else {
                continue;
            };
            if let Slotted::Open(writer) = &mut *held
                && writer.weight > share
            {
                writer
                    .parquet
                    .flush()
                    .map_err(|error| self.failed(&error))?;
                self.weigh(writer);
            }
        }
        Ok(())
    }

    fn close(&self, partition: &Partition, slot: &Slot) -> Result<(), ImportError> {
        let mut held = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Slotted::Open(writer) = std::mem::replace(&mut *held, Slotted::Closed) else {
            return Ok(());
        };
        drop(held);
        self.weight.fetch_sub(writer.weight, Ordering::Relaxed);
        let file = writer
            .parquet
            .into_inner()
            .map_err(|error| self.failed(&error))?;
        let file = file.into_inner().map_err(|error| self.failed(&error))?;
        file.sync_all().map_err(|error| self.failed(&error))?;
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push(Staged {
            partition: partition.clone(),
            file: writer.file,
            rows: writer.rows,
        });
        Ok(())
    }

    /// Completes all objects, and tells them in the order of their partitions.
    pub(super) fn finish(self) -> Result<Vec<Staged>, ImportError> {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for (partition, slot) in open {
            self.close(&partition, &slot)?;
        }
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = done.clone();
        done.sort();
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::Int32Array;

    use super::*;
    use crate::domain::lake::Source;

    #[test]
    fn more_partitions_than_may_be_open_lose_no_row() {
        let home = tempfile::tempdir().unwrap();
        let objects = Objects::with_most(home.path().to_owned(), 3);
        let column: arrow::array::ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        let rows = RecordBatch::try_from_iter([("a", column)]).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for round in 0..24 {
                        let account = format!("{}", round % 8);
                        let partition = Partition::of(Source::Waf, "r", &account, 0);
                        objects.append(&Arc::new(partition), &rows).unwrap();
                    }
                });
            }
        });
        let staged = objects.finish().unwrap();
        let mut rows = BTreeMap::<&str, u64>::new();
        for object in &staged {
            *rows.entry(&object.partition.account).or_default() += object.rows;
            assert!(home.path().join(&object.file).exists());
        }
        assert!(staged.len() > 8, "some were closed on the way");
        assert!(
            rows.len() == 8 && rows.values().all(|rows| *rows == 12),
            "{rows:?}"
        );
    }
}
