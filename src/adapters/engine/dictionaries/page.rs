//! Reads the dictionary of a column chunk.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::question::Step;
use crate::adapters::engine::footer::Footer;
use crate::adapters::engine::lake::LakeFile;
use crate::adapters::engine::storage::local::LocalFile;
use crate::adapters::engine::watch::Watch;

/// A longer dictionary takes longer to read than it may save.
const LONGEST: u64 = 1 << 20;

/// The dictionaries of one file.
pub(super) struct Dictionaries<'a> {
    file: &'a LakeFile,
    footer: &'a Footer,
    watch: &'a Watch,
    open: Option<LocalFile>,
}

impl<'a> Dictionaries<'a> {
    pub(super) fn of(file: &'a LakeFile, footer: &'a Footer, watch: &'a Watch) -> Self {
        Self {
            file,
            footer,
            watch,
            open: None,
        }
    }

    /// The row groups of the file.
    pub(super) fn groups(&self) -> usize {
        self.footer.metadata.num_row_groups()
    }

    /// Where a path lies in the file.
    pub(super) fn find(&self, path: &[Step]) -> Place {
        let mut first = 0;
        for field in self.footer.schema.fields() {
            match place(field, path, first) {
                Found::Here(place) => return place,
                Found::Not => first += leaves(field.data_type()),
            }
        }
        Place::Absent
    }

    /// The distinct texts of a leaf in a row group, a NULL behind them; `None` where its dictionary
    /// does not tell all of them.
    pub(super) fn texts(&mut self, leaf: usize, group: usize) -> Option<ArrayRef> {
        let metadata = Arc::clone(&self.footer.metadata);
        let group = metadata.row_groups().get(group)?;
        // The footer was written by somebody else, and the decoder trusts it in places.
        catch_unwind(AssertUnwindSafe(|| {
            let chunk = group.columns().get(leaf)?;
            self.whole(chunk, usize::try_from(group.num_rows()).ok()?)
        }))
        .ok()
        .flatten()
    }

    fn whole(&mut self, chunk: &ColumnChunkMetaData, rows: usize) -> Option<ArrayRef> {
        let mask = chunk.page_encoding_stats_mask()?;
        if !mask.is_only(Encoding::RLE_DICTIONARY) && !mask.is_only(Encoding::PLAIN_DICTIONARY) {
            return None;
        }
        let start = u64::try_from(chunk.dictionary_page_offset()?).ok()?;
        let end = u64::try_from(chunk.data_page_offset()).ok()?;
        let length = end.checked_sub(start)?;
        if start == 0 || length == 0 || length > LONGEST || end > self.file.size {
            return None;
        }
        let file = match &mut self.open {
            Some(file) => file,
            closed => closed.insert(LocalFile::open(&self.file.path).ok()?),
        };
        let bytes = file.read(&(start..end)).ok()?;
        self.watch.bytes(length);
        let region = Region {
            start,
            size: self.file.size,
            bytes: bytes.into(),
        };
        let mut pages = SerializedPageReader::new(Arc::new(region), chunk, rows, None).ok()?;
        match pages.get_next_page().ok()?? {
            Page::DictionaryPage {
                buf, num_values, ..
            } => plain_texts(&buf, num_values),
            Page::DataPage { .. } | Page::DataPageV2 { .. } => None,
        }
    }
}

/// Texts as Parquet writes them plainly: each with its length before it. A NULL goes behind them.
fn plain_texts(mut bytes: &[u8], count: u32) -> Option<ArrayRef> {
    let mut texts = StringViewBuilder::new();
    for _ in 0..count {
        let (length, rest) = bytes.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (text, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        texts.append_value(std::str::from_utf8(text).ok()?);
        bytes = rest;
    }
    texts.append_null();
    Some(Arc::new(texts.finish()))
}

/// Where a path lies among the leaves of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is this leaf, and a text.
    Leaf(usize),
    /// The file has nothing of the kind: it is NULL in every row.
    Absent,
    /// The file has something by that name that is no such text.
    Other,
}

enum Found {
    Here(Place),
    Not,
}

/// Where a path lies that begins with this field, whose first leaf has this number.
fn place(field: &Field, path: &[Step], first: usize) -> Found {
    let Some((Step::Field(name), rest)) = path.split_first() else {
        return Found::Here(Place::Other);
    };
    if field.name() == name {
        return Found::Here(inside(field.data_type(), rest, first));
    }
    match field.name().eq_ignore_ascii_case(name) {
        // Whoever reads the file may take it for the same.
        true => Found::Here(Place::Other),
        false => Found::Not,
    }
}

/// Where a path lies inside a value of this type.
fn inside(data_type: &DataType, path: &[Step], first: usize) -> Place {
    match (data_type, path) {
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, []) => Place::Leaf(first),
        (DataType::Struct(fields), [Step::Field(_), ..]) => {
            let mut first = first;
            for field in fields {
                match place(field, path, first) {
                    Found::Here(place) => return place,
                    Found::Not => first += leaves(field.data_type()),
                }
            }
            Place::Absent
        }
        (DataType::List(item) | DataType::LargeList(item), [Step::Element, rest @ ..]) => {
            inside(item.data_type(), rest, first)
        }
        (DataType::Map(entries, _), [Step::Value, rest @ ..]) => match entries.data_type() {
            DataType::Struct(fields) => match fields.as_ref() {
                [key, value] => inside(value.data_type(), rest, first + leaves(key.data_type())),
                _ => Place::Other,
            },
            _ => Place::Other,
        },
        _ => Place::Other,
    }
}

/// The leaves that a type has in a file.
fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(item) | DataType::LargeList(item) | DataType::Map(item, _) => {
            leaves(item.data_type())
        }
        _ => 1,
    }
}

/// A region of a file, by the file's own places.
struct Region {
    start: u64,
    size: u64,
    bytes: Bytes,
}

impl Region {
    fn from(&self, start: u64) -> Result<Bytes> {
        let at = start
            .checked_sub(self.start)
            .and_then(|at| usize::try_from(at).ok());
        at.filter(|at| *at <= self.bytes.len())
            .map(|at| self.bytes.slice(at..))
            .ok_or_else(|| ParquetError::EOF("a page lies outside its chunk".to_owned()))
    }
}

impl Length for Region {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Region {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.from(start).map(Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length.min(self.bytes.len())];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
