//! Arrays as arguments and as results: a result is a choice of elements of its arguments.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{Result, internal_err};

use super::args::Call;

/// An array argument.
pub(crate) struct Lists {
    list: ListArray,
    constant: bool,
}

impl Lists {
    pub(super) fn new(column: &ArrayRef, constant: bool) -> Result<Self> {
        match column.as_list_opt::<i32>() {
            Some(list) => Ok(Self {
                list: list.clone(),
                constant,
            }),
            None => internal_err!("{} is no array", column.data_type()),
        }
    }

    /// Where the row's elements lie in [`Self::values`]; nothing for NULL.
    pub(crate) fn at(&self, row: usize) -> Range<usize> {
        let row = if self.constant { 0 } else { row };
        if self.list.is_null(row) {
            return 0..0;
        }
        let offsets = self.list.value_offsets();
        index(offsets[row])..index(offsets[row + 1])
    }

    /// The elements of all rows.
    pub(crate) fn values(&self) -> &ArrayRef {
        self.list.values()
    }
}

fn index(offset: i32) -> usize {
    usize::try_from(offset).unwrap_or_default()
}

/// The element at a place, or NULL.
pub(crate) type Element = Option<usize>;

/// Collects, row by row, which elements a result is made of.
#[derive(Default)]
pub(crate) struct Picks {
    elements: Vec<Option<u64>>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Picks {
    /// Runs over the rows of a call; `pick` names the elements, or `None` for a NULL array.
    pub(crate) fn rows(
        call: &Call<'_>,
        mut pick: impl FnMut(usize, &mut Vec<Element>) -> Result<bool>,
    ) -> Result<Self> {
        let mut picks = Self::default();
        let mut row_elements = Vec::new();
        for row in 0..call.rows {
            row_elements.clear();
            let valid = !call.is_null(row) && pick(row, &mut row_elements)?;
            if !valid {
                row_elements.clear();
            }
            picks.push(&row_elements, valid);
        }
        Ok(picks)
    }

    /// Adds one row.
    pub(crate) fn push(&mut self, elements: &[Element], valid: bool) {
        self.elements.extend(
            elements
                .iter()
                .map(|element| element.map(|place| place as u64)),
        );
        self.lengths.push(elements.len());
        self.valid.push(valid);
    }

    /// The arrays made of the picked elements.
    pub(crate) fn into_lists(self, values: &ArrayRef) -> Result<ArrayRef> {
        let chosen = take(values, &UInt64Array::from(self.elements), None)?;
        Ok(Arc::new(ListArray::try_new(
            super::param::item(chosen.data_type().clone()),
            OffsetBuffer::from_lengths(self.lengths),
            chosen,
            Some(NullBuffer::from(self.valid)),
        )?))
    }

    /// As [`Self::into_lists`], with several sources laid one after another: the places of the
    /// second begin where the first ends.
    pub(crate) fn into_lists_of(self, sources: &[&ArrayRef]) -> Result<ArrayRef> {
        let arrays: Vec<&dyn Array> = sources.iter().map(|source| source.as_ref()).collect();
        self.into_lists(&arrow::compute::concat(&arrays)?)
    }

    /// Offsets, validity and the picked elements apart, for maps.
    pub(crate) fn into_parts(self) -> (UInt64Array, OffsetBuffer<i32>, NullBuffer) {
        (
            UInt64Array::from(self.elements),
            OffsetBuffer::from_lengths(self.lengths),
            NullBuffer::from(self.valid),
        )
    }
}

/// Values as rows of bytes that compare and hash as Trino's values do (structs and arrays too).
/// Every array must have the same type.
pub(crate) fn comparable(arrays: &[&ArrayRef]) -> Result<Vec<Rows>> {
    let Some(first) = arrays.first() else {
        return Ok(Vec::new());
    };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
    arrays
        .iter()
        .map(|array| Ok(converter.convert_columns(&[Arc::clone(array)])?))
        .collect()
}
