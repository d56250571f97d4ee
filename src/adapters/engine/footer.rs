//! Reading and keeping the footers of Parquet files: what a file holds, without its rows.

use std::collections::HashMap;
use std::ffi::OsString;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arrow::datatypes::{Fields, Schema, SchemaRef};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;

use super::lake::{Home, LakeFile};
use super::repair::repair;
use super::shares::in_shares;
use super::storage::local::LocalFile;

/// How much is read from a file's end at first: most footers fit.
pub(super) const TAIL: u64 = 64 * 1024;

/// The last eight bytes: the footer's length and the magic word.
const MAGIC: u64 = 8;

/// Why a file cannot be read. The text follows the file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FooterError {
    /// No byte at all.
    #[error("is empty (0 bytes)")]
    Empty,
    /// Gone since it was listed.
    #[error("was removed since it was listed")]
    Gone,
    /// The file system refused.
    #[error("cannot be read: {0}")]
    Io(String),
    /// The end of the file is no Parquet footer.
    #[error("is damaged or truncated: {0}")]
    Damaged(String),
}

/// What a Parquet file holds.
#[derive(Debug)]
pub(super) struct Footer {
    /// The metadata with its schema put right, without page indexes.
    pub metadata: Arc<ParquetMetaData>,
    /// Its columns as Arrow reads them.
    pub schema: SchemaRef,
    /// Bytes of its encoded form.
    pub encoded: u64,
    /// Rows.
    pub rows: u64,
    /// The least and greatest value of `time`, in milliseconds since 1970, where known.
    pub time: Option<(i64, i64)>,
    /// The same of `time_dt`.
    pub time_dt: Option<(i64, i64)>,
}

#[derive(Debug)]
struct Kept {
    size: u64,
    modified: SystemTime,
    home: Home,
    used: u64,
    weight: usize,
    footer: Result<Arc<Footer>, FooterError>,
}

#[derive(Debug, Default)]
struct Shelf {
    kept: HashMap<OsString, Kept>,
    weight: usize,
    schemas: HashMap<Fields, SchemaRef>,
}

/// Footers by path, size and time of change, up to a budget of memory.
#[derive(Debug)]
pub(super) struct FooterCache {
    shelf: Mutex<Shelf>,
    clock: AtomicU64,
    budget: AtomicUsize,
    /// Where a footer is looked for that is not here.
    below: Option<Arc<FooterCache>>,
}

impl FooterCache {
    /// A cache that holds about `budget` bytes.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            shelf: Mutex::default(),
            clock: AtomicU64::new(0),
            budget: AtomicUsize::new(budget),
            below: None,
        }
    }

    /// A cache for one query that is planned, above the one of all. It holds whatever the plan
    /// needs, until [`Self::limit`].
    pub(super) fn above(below: &Arc<Self>) -> Self {
        Self {
            below: Some(Arc::clone(below)),
            ..Self::new(usize::MAX)
        }
    }

    /// From now on it holds about so many bytes.
    pub(super) fn limit(&self, budget: usize) {
        self.budget.store(budget, Ordering::Relaxed);
        self.shelf().shrink(budget);
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file's footer, read where it is not kept. A failure is kept too, until the file changes.
    /// The footer of an object is not read here, but by who can wait for it.
    pub(super) fn get(&self, file: &LakeFile) -> Result<Arc<Footer>, FooterError> {
        if let Some(kept) = self.kept(file) {
            return kept;
        }
        let read = match &file.home {
            _ if file.size == 0 => Err(FooterError::Empty),
            Home::Disk => read_footer(&file.path),
            Home::S3(_) | Home::Prefix => {
                return Err(FooterError::Io("its footer is not at hand".to_owned()));
            }
        };
        self.put(file, read)
    }

    /// A file's footer, if it is kept.
    pub(super) fn kept(&self, file: &LakeFile) -> Option<Result<Arc<Footer>, FooterError>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = self.shelf().kept.get_mut(file.path.as_os_str())
            && kept.size == file.size
            && kept.modified == file.modified
            && kept.home == file.home
        {
            kept.used = now;
            return Some(kept.footer.clone());
        }
        let found = self.below.as_ref()?.kept(file)?;
        self.keep(file, &found);
        Some(found)
    }

    /// Keeps what was read of a file, and gives it back.
    pub(super) fn put(
        &self,
        file: &LakeFile,
        read: Result<Footer, FooterError>,
    ) -> Result<Arc<Footer>, FooterError> {
        let footer = read.map(|mut footer| {
            footer.schema = self.root().shelf().intern(&footer.schema);
            Arc::new(footer)
        });
        // A file that is gone or cannot be opened may be back the next moment; for the query that
        // missed it, it stays as it is.
        if !matches!(footer, Err(FooterError::Gone | FooterError::Io(_))) {
            self.root().keep(file, &footer);
        }
        if self.below.is_some() {
            self.keep(file, &footer);
        }
        footer
    }

    /// The cache of all queries.
    fn root(&self) -> &Self {
        self.below.as_ref().map_or(self, |below| below.root())
    }

    fn keep(&self, file: &LakeFile, footer: &Result<Arc<Footer>, FooterError>) {
        let weight = footer
            .as_ref()
            .map_or(256, |footer| footer.metadata.memory_size());
        let kept = Kept {
            size: file.size,
            modified: file.modified,
            home: file.home.clone(),
            used: self.clock.fetch_add(1, Ordering::Relaxed),
            weight,
            footer: footer.clone(),
        };
        let budget = self.budget.load(Ordering::Relaxed);
        self.shelf()
            .keep(file.path.as_os_str().to_owned(), kept, budget);
    }

    /// The footers of many files, in their order, read by as many threads as given.
    pub(super) fn get_all(
        &self,
        files: &[Arc<LakeFile>],
        threads: usize,
    ) -> Vec<Result<Arc<Footer>, FooterError>> {
        const WORTH_A_THREAD: usize = 16;
        let lost = Err(FooterError::Damaged("its reader failed".to_owned()));
        in_shares(files, threads, WORTH_A_THREAD, |file| self.get(file), &lost)
    }
}

impl Shelf {
    /// One shared schema for all files that have the same columns.
    fn intern(&mut self, schema: &SchemaRef) -> SchemaRef {
        let known = self.schemas.entry(schema.fields().clone());
        Arc::clone(known.or_insert_with(|| Arc::clone(schema)))
    }

    fn keep(&mut self, path: OsString, kept: Kept, budget: usize) {
        self.weight += kept.weight;
        if let Some(old) = self.kept.insert(path, kept) {
            self.weight -= old.weight;
        }
        self.shrink(budget);
    }

    fn shrink(&mut self, budget: usize) {
        if self.weight <= budget {
            return;
        }
        let mut by_use: Vec<(u64, OsString)> = self
            .kept
            .iter()
            .map(|(path, kept)| (kept.used, path.clone()))
            .collect();
        by_use.sort();
        // Down to three quarters, so that not every new footer sorts the shelf again.
        for (_, path) in by_use {
            if self.weight <= budget / 4 * 3 {
                break;
            }
            if let Some(old) = self.kept.remove(&path) {
                self.weight -= old.weight;
            }
        }
    }
}

/// Reads a footer from disk.
fn read_footer(path: &Path) -> Result<Footer, FooterError> {
    decoded(&footer_bytes(path)?)
}

/// A footer of its encoded bytes.
pub(super) fn decoded(bytes: &[u8]) -> Result<Footer, FooterError> {
    // The decoder was not written for hostile bytes in every corner: a panic in it is a damaged file.
    catch_unwind(AssertUnwindSafe(|| decode(bytes))).unwrap_or_else(|_| {
        Err(FooterError::Damaged(
            "its footer cannot be decoded".to_owned(),
        ))
    })
}

/// The encoded metadata at the end of a file.
fn footer_bytes(path: &Path) -> Result<Vec<u8>, FooterError> {
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => FooterError::Gone,
        _ => FooterError::Io(error.to_string()),
    };
    let mut file = LocalFile::open(path).map_err(io)?;
    let size = file.size().map_err(io)?;
    let mut tail = file.tail(size, TAIL).map_err(io)?;
    match told_by_tail(&tail, size)? {
        Told::Within(body) => {
            tail.truncate(body.end);
            tail.drain(..body.start);
            Ok(tail)
        }
        Told::Longer(body) => file.read(&body).map_err(io),
    }
}

/// Where the encoded metadata of a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// In the tail, at these places of it.
    Within(Range<usize>),
    /// In the file, beginning before the tail.
    Longer(Range<u64>),
}

/// What the last bytes of a file, of this size, tell of its footer.
pub(super) fn told_by_tail(tail: &[u8], size: u64) -> Result<Told, FooterError> {
    if size < MAGIC {
        return Err(FooterError::Damaged(format!("it has only {size} bytes")));
    }
    let magic = tail
        .last_chunk()
        .ok_or_else(|| FooterError::Damaged("it is too short".to_owned()))?;
    let end = FooterTail::try_new(magic)
        .map_err(|_| FooterError::Damaged("it does not end as a Parquet file does".to_owned()))?;
    if end.is_encrypted_footer() {
        return Err(FooterError::Damaged("its footer is encrypted".to_owned()));
    }
    let length = end.metadata_length() as u64;
    if length + MAGIC > size {
        return Err(FooterError::Damaged("its footer is cut off".to_owned()));
    }
    let body = tail.len() - MAGIC as usize;
    Ok(match usize::try_from(length) {
        Ok(needed) if needed <= body => Told::Within(body - needed..body),
        _ => Told::Longer(size - MAGIC - length..size - MAGIC),
    })
}

fn decode(bytes: &[u8]) -> Result<Footer, FooterError> {
    let damaged = |error: parquet::errors::ParquetError| FooterError::Damaged(error.to_string());
    let metadata = ParquetMetaDataReader::decode_metadata(bytes).map_err(damaged)?;
    let metadata = repair(metadata).map_err(damaged)?;
    let schema =
        parquet_to_arrow_schema(metadata.file_metadata().schema_descr(), None).map_err(damaged)?;
    let rows = metadata
        .row_groups()
        .iter()
        .map(|group| u64::try_from(group.num_rows()).unwrap_or(0))
        .sum();
    let schema = Schema::new(schema.fields().clone());
    Ok(Footer {
        encoded: bytes.len() as u64,
        time: bounds(&metadata, "time", |_| Some(1)),
        time_dt: bounds(&metadata, "time_dt", per_millisecond),
        schema: Arc::new(schema),
        rows,
        metadata: Arc::new(metadata),
    })
}

/// How many of a timestamp column's units make a millisecond.
fn per_millisecond(column: &parquet::schema::types::ColumnDescriptor) -> Option<i64> {
    use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Timestamp(timestamp)), _) => Some(match timestamp.unit {
            TimeUnit::MILLIS => 1,
            TimeUnit::MICROS => 1_000,
            TimeUnit::NANOS => 1_000_000,
        }),
        (None, ConvertedType::TIMESTAMP_MILLIS) => Some(1),
        (None, ConvertedType::TIMESTAMP_MICROS) => Some(1_000),
        _ => None,
    }
}

/// The least and greatest value of a top-level 64-bit column over all row groups, in
/// milliseconds; `None` where one row group does not tell.
fn bounds(
    metadata: &ParquetMetaData,
    name: &str,
    unit: impl Fn(&parquet::schema::types::ColumnDescriptor) -> Option<i64>,
) -> Option<(i64, i64)> {
    let schema = metadata.file_metadata().schema_descr();
    let at = schema
        .columns()
        .iter()
        .position(|column| column.path().parts() == [name])?;
    let unit = unit(&schema.column(at))?;
    let mut all: Option<(i64, i64)> = None;
    for group in metadata.row_groups() {
        let (low, high) = match group.columns().get(at)?.statistics()? {
            Statistics::Int64(statistics) => (*statistics.min_opt()?, *statistics.max_opt()?),
            Statistics::Int32(statistics) => (
                i64::from(*statistics.min_opt()?),
                i64::from(*statistics.max_opt()?),
            ),
            _ => return None,
        };
        let (low, high) = (low.div_euclid(unit), high.div_euclid(unit));
        all = Some(all.map_or((low, high), |(least, greatest)| {
            (least.min(low), greatest.max(high))
        }));
    }
    all
}
