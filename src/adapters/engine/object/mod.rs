//! One object of a lake, read by itself and a part at a time: its footer first, then the columns
//! that are asked for, of the rows that are asked for.
//!
//! Owns how an object's bytes become batches in the types that the engine computes with
//! ([`layout`], [`bytes`]), and predicates of Athena's SQL that are planned once for all objects of
//! the same columns and evaluated on batches ([`expression`]). Which rows matter, and why, is for
//! others to know. What it reads was written by strangers: an object that is not what it says ends
//! in an [`ObjectFault`], never in a panic.

mod bytes;
mod expression;
mod layout;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};

use self::bytes::ObjectBytes;
use super::footer::{self, Footer, Told};
use super::lake::{Place, TableKey, table_word};
use super::storage::s3::tail_of;
pub use bytes::ObjectStore;
pub(crate) use expression::{BoundExpression, Expressions, RowExpression, Sql};
pub(crate) use layout::{FieldPath, Layout, LayoutKey, Wanted};

/// Rows of a batch.
const BATCH: usize = 8_192;

/// The most bytes that the columns of one reading may have when they are unpacked.
const MOST_UNPACKED: u64 = 4 << 30;

/// Why an object could not be read. The texts follow the object's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectFault {
    /// It is not there: not yet, or not any more.
    #[error("is not there")]
    Gone,
    /// It cannot be had now: the network, the store, a right that may be granted.
    #[error("cannot be read: {0}")]
    Passing(String),
    /// What it holds is no lake's object.
    #[error("is damaged: {0}")]
    Damaged(String),
}

impl ObjectFault {
    /// Whether reading it again may bring it.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Damaged(_))
    }
}

/// An object whose footer was read.
pub(crate) struct OpenObject {
    bytes: ObjectBytes,
    footer: Footer,
    place: Place,
    key: TableKey,
}

impl OpenObject {
    /// Opens a file of this machine, which is the object with this bucket and key.
    pub(crate) fn disk(path: &Path, bucket: &str, key: &str) -> Result<Self, ObjectFault> {
        Self::open(ObjectBytes::disk(path)?, bucket, key)
    }

    /// Opens an object of S3. Blocks: for threads that wait for nothing else.
    pub(crate) fn s3(store: &ObjectStore, bucket: &str, key: &str) -> Result<Self, ObjectFault> {
        Self::open(store.find(bucket, key)?, bucket, key)
    }

    fn open(bytes: ObjectBytes, bucket: &str, key: &str) -> Result<Self, ObjectFault> {
        let damaged = |error: footer::FooterError| match error {
            footer::FooterError::Gone => ObjectFault::Gone,
            footer::FooterError::Io(error) => ObjectFault::Passing(error),
            footer::FooterError::Empty => ObjectFault::Damaged("it has no byte".to_owned()),
            footer::FooterError::Damaged(error) => ObjectFault::Damaged(error),
        };
        if bytes.len() == 0 {
            return Err(damaged(footer::FooterError::Empty));
        }
        let tail = bytes.read(&tail_of(bytes.len()))?;
        let body = match footer::told_by_tail(&tail, bytes.len()).map_err(damaged)? {
            Told::Within(body) => tail.slice(body),
            Told::Longer(body) => bytes.read(&body)?,
        };
        let footer = footer::decoded(&body).map_err(damaged)?;
        let place = Place::of_key(bucket, key);
        let key = place.key.clone().unwrap_or_else(|| {
            let names = footer.schema.fields().iter();
            match crate::domain::lake::recognise(names.map(|field| field.name().as_str())) {
                Some((source, version)) => TableKey::Native(source, version),
                None => TableKey::Folder(table_word(
                    place.folders.last().map_or("object", String::as_str),
                )),
            }
        });
        Ok(Self {
            bytes,
            footer,
            place,
            key,
        })
    }

    /// What tells it from what may lie under its name at another time.
    pub(crate) fn state(&self) -> String {
        let footer = &self.footer;
        let tag = self.bytes.tag().unwrap_or_default();
        format!(
            "{tag} {} {} {} {:?} {:?}",
            self.bytes.len(),
            footer.encoded,
            footer.rows,
            footer.time,
            footer.time_dt
        )
    }

    /// Its rows.
    pub(crate) fn rows(&self) -> u64 {
        self.footer.rows
    }

    /// The rows of each of its row groups.
    pub(crate) fn groups(&self) -> Vec<u64> {
        let groups = self.footer.metadata.row_groups().iter();
        groups
            .map(|group| u64::try_from(group.num_rows()).unwrap_or(0))
            .collect()
    }

    /// What all objects have in common that are read the same way.
    pub(crate) fn layout_key(&self) -> LayoutKey {
        LayoutKey {
            table: self.key.clone(),
            fields: self.footer.schema.fields().clone(),
        }
    }

    /// How its columns are read.
    pub(crate) fn layout(&self) -> Layout {
        Layout::of(&self.key, &self.footer.schema)
    }

    /// Makes ready what all readings of this object need.
    pub(crate) fn prepare(&self, layout: &Layout) -> Result<Prepared<'_>, ObjectFault> {
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(layout.reading()));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&self.footer.metadata), options)
            .map_err(|error| ObjectFault::Damaged(error.to_string()))?;
        Ok(Prepared {
            object: self,
            metadata,
        })
    }
}

/// An object and how its columns are read.
pub(crate) struct Prepared<'a> {
    object: &'a OpenObject,
    metadata: ArrowReaderMetadata,
}

impl Prepared<'_> {
    /// Reads columns of one row group: of all its rows from one on up to another, or of some.
    pub(crate) fn read<'b>(
        &self,
        wanted: &'b Wanted,
        group: usize,
        rows: &Rows<'_>,
    ) -> Result<Batches<'b>, ObjectFault> {
        let damaged =
            |error: parquet::errors::ParquetError| ObjectFault::Damaged(error.to_string());
        let metadata = self.metadata.metadata();
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let mut unpacked = 0_u64;
        let leaves = wanted.leaves(self.metadata.parquet_schema());
        let group_data = metadata
            .row_groups()
            .get(group)
            .ok_or_else(|| ObjectFault::Damaged("a row group is missing".to_owned()))?;
        for leaf in &leaves {
            let Some(column) = group_data.columns().get(*leaf) else {
                return Err(ObjectFault::Damaged(
                    "a row group lacks a column".to_owned(),
                ));
            };
            // The library's own `byte_range` panics on what a hostile footer says.
            let start = column
                .dictionary_page_offset()
                .filter(|start| *start > 0)
                .map_or(column.data_page_offset(), |start| {
                    start.min(column.data_page_offset())
                });
            let range = u64::try_from(start)
                .ok()
                .zip(u64::try_from(column.compressed_size()).ok())
                .and_then(|(start, length)| Some(start..start.checked_add(length)?))
                .filter(|range| range.end <= self.object.bytes.len())
                .ok_or_else(|| {
                    ObjectFault::Damaged("its column chunks lie past its end".to_owned())
                })?;
            ranges.push(range);
            let size = u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX);
            unpacked = unpacked.saturating_add(size);
        }
        if unpacked > MOST_UNPACKED {
            return Err(ObjectFault::Damaged(format!(
                "{unpacked} bytes of one row group would have to be unpacked, and at most \
                 {MOST_UNPACKED} are"
            )));
        }
        let fetched = self.object.bytes.fetch(&ranges)?;
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::leaves(schema, leaves);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(fetched, self.metadata.clone())
                .with_batch_size(BATCH)
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_row_selection(rows.selection())
                .build()
                .map_err(damaged)?;
        Ok(Batches {
            reader,
            wanted,
            path_values: self.path_values(),
        })
    }

    /// The values that the object's key tells, in the order of the columns that take them.
    fn path_values(&self) -> [Option<Arc<str>>; 4] {
        let place = &self.object.place;
        [
            place.account.clone(),
            place.region.clone(),
            place.asl_version.clone(),
            place.event_day.clone(),
        ]
    }
}

/// Rows of a row group.
pub(crate) enum Rows<'a> {
    /// All of these.
    Span(Range<u64>),
    /// These, ascending.
    Some(&'a [u64]),
}

impl Rows<'_> {
    fn selection(&self) -> RowSelection {
        let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        match self {
            Self::Span(span) => RowSelection::from(vec![
                RowSelector::skip(count(span.start)),
                RowSelector::select(count(span.end.saturating_sub(span.start))),
            ]),
            Self::Some(rows) => {
                let mut selectors: Vec<RowSelector> = Vec::new();
                let mut next = 0_u64;
                for row in *rows {
                    if *row > next {
                        selectors.push(RowSelector::skip(count(row - next)));
                        selectors.push(RowSelector::select(1));
                    } else {
                        match selectors.last_mut() {
                            Some(last) if !last.skip => last.row_count += 1,
                            _ => selectors.push(RowSelector::select(1)),
                        }
                    }
                    next = row + 1;
                }
                RowSelection::from(selectors)
            }
        }
    }
}

/// Batches of the columns that were asked for, in the engine's types.
pub(crate) struct Batches<'a> {
    reader: ParquetRecordBatchReader,
    wanted: &'a Wanted,
    path_values: [Option<Arc<str>>; 4],
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch, ObjectFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(
            batch
                .and_then(|batch| self.wanted.fit(&batch, &self.path_values))
                .map_err(|error| ObjectFault::Damaged(error.to_string())),
        )
    }
}

#[cfg(test)]
mod tests;
