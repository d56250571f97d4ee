//! Orders and selections of a result's rows, as row numbers. Pure functions over [`Rows`]: call
//! them off the loop.

use arrow::array::{
    Array, ArrayRef, AsArray, StringArray, UInt8Array, UInt32Array, new_null_array,
};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows as Encoded, SortField};
use regex::{Regex, RegexBuilder};

use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::rows::{Page, Rows};
use crate::domain::severity;

/// Which rows to keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep {
    /// Those that contain this text in any column, in any case.
    pub contains: Option<String>,
    /// Those whose cell in a column has the same value as one row's: `(row, column)`.
    pub same_as: Option<(usize, usize)>,
}

/// The numbers of the rows to keep, ascending. Rows that cannot be read back are left out.
pub fn filter(rows: &dyn Rows, keep: &Keep, style: TimeStyle) -> Vec<u32> {
    let pattern = keep
        .contains
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(pattern);
    let wanted = keep
        .same_as
        .map(|(row, column)| (column, Wanted::of(rows, row, column)));
    let mut kept = Vec::new();
    let mut text = String::new();
    for page in pages(rows) {
        let same = match &wanted {
            None => None,
            Some((_, None)) => return Vec::new(),
            Some((column, Some(wanted))) => match page.batch.columns().get(*column) {
                Some(array) => Some(wanted.same(array, style)),
                None => return Vec::new(),
            },
        };
        for row in 0..page.batch.num_rows() {
            if same.as_ref().is_some_and(|same| !same.contains_row(row)) {
                continue;
            }
            let matches = match &pattern {
                None => true,
                Some(Some(pattern)) => page
                    .batch
                    .columns()
                    .iter()
                    .any(|column| contains(column, row, pattern, style, &mut text)),
                Some(None) => false,
            };
            if matches {
                kept.push(number(page.first_row + row));
            }
        }
    }
    kept
}

/// The given rows (all of them if `None`) sorted by a column: NULL last either way, equal ones in
/// the order in which they came.
pub fn sort(
    rows: &dyn Rows,
    kept: Option<&[u32]>,
    column: usize,
    descending: bool,
    style: TimeStyle,
) -> Vec<u32> {
    let mut order: Vec<u32> = match kept {
        Some(kept) => kept.to_vec(),
        None => (0..rows.len()).map(number).collect(),
    };
    let schema = rows.schema();
    let Some(field) = schema.fields().get(column) else {
        return order;
    };
    let options = SortOptions {
        descending,
        nulls_first: false,
    };
    let Some(keys) = Keys::of(rows, column, field.data_type(), options, style) else {
        return order;
    };
    let place = |row: &u32| *row as usize;
    order.sort_by(|one, other| keys.row(place(one)).cmp(&keys.row(place(other))));
    order
}

/// The given rows (all of them if `None`) sorted by a number of each, the largest first; equal ones
/// in the order in which they came.
pub fn sort_by_key(rows: &dyn Rows, kept: Option<&[u32]>, key: impl Fn(usize) -> f64) -> Vec<u32> {
    let mut order: Vec<u32> = match kept {
        Some(kept) => kept.to_vec(),
        None => (0..rows.len()).map(number).collect(),
    };
    let key = |row: &u32| key(*row as usize);
    order.sort_by(|one, other| key(other).total_cmp(&key(one)));
    order
}

/// Whether a column of texts holds severities and nothing else: those have an order of their own,
/// in which High does not stand between Critical and Low.
fn are_severities(rows: &dyn Rows, column: usize) -> bool {
    let mut seen = false;
    for page in pages(rows) {
        let texts = page.batch.columns().get(column);
        let Some(texts) = texts.and_then(|array| array.as_string_opt::<i32>()) else {
            return false;
        };
        for text in texts.iter().flatten() {
            if severity::rank(text).is_none() {
                return false;
            }
            seen = true;
        }
    }
    seen
}

fn ranks(array: &ArrayRef) -> UInt8Array {
    let texts = array.as_string_opt::<i32>();
    let rank = |row: usize| {
        let texts = texts.filter(|texts| texts.is_valid(row))?;
        severity::rank(texts.value(row))
    };
    (0..array.len()).map(rank).collect()
}

/// The sort keys of one column, by row number.
struct Keys(Encoded);

impl Keys {
    fn of(
        rows: &dyn Rows,
        column: usize,
        data_type: &DataType,
        options: SortOptions,
        style: TimeStyle,
    ) -> Option<Self> {
        let by_rank = *data_type == DataType::Utf8 && are_severities(rows, column);
        let plain = SortField::new_with_options(data_type.clone(), options);
        let by_text = !RowConverter::supports_fields(std::slice::from_ref(&plain));
        let (field, key_type) = if by_rank {
            let field = SortField::new_with_options(DataType::UInt8, options);
            (field, DataType::UInt8)
        } else if by_text {
            let field = SortField::new_with_options(DataType::Utf8, options);
            (field, DataType::Utf8)
        } else {
            (plain, data_type.clone())
        };
        let converter = RowConverter::new(vec![field]).ok()?;
        let mut keys = converter.empty_rows(rows.len(), 0);
        for page in pages(rows) {
            // Rows that cannot be read back count as NULL, so that numbers stay places.
            let missing = page.first_row.saturating_sub(keys.num_rows());
            if missing > 0 {
                let nulls = new_null_array(&key_type, missing);
                converter.append(&mut keys, &[nulls]).ok()?;
            }
            let array = page.batch.columns().get(column)?;
            let key: ArrayRef = if by_rank {
                std::sync::Arc::new(ranks(array))
            } else if by_text {
                std::sync::Arc::new(texts(array, style))
            } else {
                array.clone()
            };
            converter.append(&mut keys, &[key]).ok()?;
        }
        // Rows that came while the keys were made, or cannot be read back at the end.
        let missing = rows.len().saturating_sub(keys.num_rows());
        if missing > 0 {
            let nulls = new_null_array(&key_type, missing);
            converter.append(&mut keys, &[nulls]).ok()?;
        }
        Some(Self(keys))
    }

    fn row(&self, row: usize) -> Option<arrow::row::Row<'_>> {
        (row < self.0.num_rows()).then(|| self.0.row(row))
    }
}

/// One cell's value, to be found again.
struct Wanted {
    one: ArrayRef,
}

/// The rows of a page that have the wanted value.
struct Same {
    keys: Encoded,
    wanted: Encoded,
}

enum SameRows {
    Keys(Same),
    Texts(StringArray, Option<String>),
    None,
}

impl Wanted {
    fn of(rows: &dyn Rows, row: usize, column: usize) -> Option<Self> {
        let page = rows.page(row)?;
        let array = page.batch.columns().get(column)?;
        let at = UInt32Array::from(vec![number(row - page.first_row)]);
        Some(Self {
            one: take(array, &at, None).ok()?,
        })
    }

    fn same(&self, array: &ArrayRef, style: TimeStyle) -> SameRows {
        let field = SortField::new(self.one.data_type().clone());
        if !RowConverter::supports_fields(std::slice::from_ref(&field)) {
            let wanted = texts(&self.one, style);
            let wanted = wanted.is_valid(0).then(|| wanted.value(0).to_owned());
            return SameRows::Texts(texts(array, style), wanted);
        }
        let encode = || {
            let converter = RowConverter::new(vec![field])?;
            let wanted = converter.convert_columns(std::slice::from_ref(&self.one))?;
            let keys = converter.convert_columns(std::slice::from_ref(array))?;
            Ok::<_, arrow::error::ArrowError>(Same { keys, wanted })
        };
        encode().map_or(SameRows::None, SameRows::Keys)
    }
}

impl SameRows {
    fn contains_row(&self, row: usize) -> bool {
        match self {
            Self::Keys(same) => same.keys.row(row) == same.wanted.row(0),
            Self::Texts(texts, wanted) => {
                texts.is_valid(row).then(|| texts.value(row)) == wanted.as_deref()
            }
            Self::None => false,
        }
    }
}

/// Every page that can be read, in order.
fn pages(rows: &dyn Rows) -> impl Iterator<Item = Page> {
    let mut row = 0;
    std::iter::from_fn(move || {
        while row < rows.len() {
            match rows.page(row) {
                Some(page) => {
                    row = page.first_row + page.batch.num_rows();
                    return Some(page);
                }
                None => row += 1,
            }
        }
        None
    })
}

fn texts(array: &ArrayRef, style: TimeStyle) -> StringArray {
    (0..array.len())
        .map(|row| Cell::of(array, row).text(style))
        .collect()
}

fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(&regex::escape(text))
        .case_insensitive(true)
        .size_limit(1 << 24)
        .build()
        .ok()
}

fn contains(
    array: &ArrayRef,
    row: usize,
    pattern: &Regex,
    style: TimeStyle,
    text: &mut String,
) -> bool {
    if array.is_null(row) {
        return false;
    }
    if let Some(strings) = array.as_string_opt::<i32>() {
        return pattern.is_match(strings.value(row));
    }
    text.clear();
    Cell::of(array, row).write(style, false, text).is_ok() && pattern.is_match(text)
}

/// Row numbers fit: a result of more than four thousand million rows is not shown.
fn number(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}
