//! One reading of Arrow's kinds of lists and of maps: per row a range of elements.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, exec_err, plan_err};

/// The elements of a list or map column with the rows' ranges. The elements are exactly those
/// that valid rows hold, in order: what lies under NULL rows or outside a slice is not seen.
pub(super) struct ListView {
    /// The elements; for a map its entries, as a struct of key and value.
    pub(super) values: ArrayRef,
    /// Where each row's elements start and end.
    pub(super) offsets: Vec<usize>,
    /// Which rows are NULL.
    pub(super) nulls: Option<NullBuffer>,
}

impl ListView {
    /// Reads a column.
    pub(super) fn new(array: &ArrayRef) -> Result<Self> {
        let (offsets, values): (Vec<usize>, ArrayRef) = match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                (widen(list.offsets()), Arc::clone(list.values()))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                (
                    list.offsets()
                        .iter()
                        .map(|offset| usize::try_from(*offset).unwrap_or(0))
                        .collect(),
                    Arc::clone(list.values()),
                )
            }
            DataType::FixedSizeList(_, size) => {
                let list = array.as_fixed_size_list();
                let size = usize::try_from(*size).unwrap_or(0);
                (
                    (0..=list.len()).map(|row| row * size).collect(),
                    Arc::clone(list.values()),
                )
            }
            DataType::Map(..) => {
                let map: &MapArray = array.as_map();
                (widen(map.offsets()), Arc::new(map.entries().clone()))
            }
            DataType::Null => (vec![0; array.len() + 1], Arc::clone(array)),
            other => return exec_err!("expected an array or a map, got {other}"),
        };
        let nulls = array.logical_nulls();
        Self::compact(&values, &offsets, nulls)
    }

    /// The range of a row's elements, `None` for NULL.
    pub(super) fn range(&self, row: usize) -> Option<Range<usize>> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        Some(self.offsets[row]..self.offsets[row + 1])
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// For each element the number of its row.
    pub(super) fn rows(&self) -> UInt32Array {
        let mut rows = Vec::with_capacity(self.values.len());
        for row in 0..self.len() {
            let count = self.offsets[row + 1] - self.offsets[row];
            rows.extend(std::iter::repeat_n(index(row), count));
        }
        UInt32Array::from(rows)
    }

    fn compact(values: &ArrayRef, offsets: &[usize], nulls: Option<NullBuffer>) -> Result<Self> {
        let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let rows = offsets.len() - 1;
        let hidden = (0..rows).any(|row| !valid(row) && offsets[row + 1] > offsets[row]);
        let (first, last) = (offsets[0], offsets[rows]);
        if !hidden {
            return Ok(Self {
                values: values.slice(first, last - first),
                offsets: offsets.iter().map(|offset| offset - first).collect(),
                nulls,
            });
        }
        let mut kept = Vec::new();
        let mut compacted = Vec::with_capacity(offsets.len());
        compacted.push(0);
        for row in 0..rows {
            if valid(row) {
                kept.extend((offsets[row]..offsets[row + 1]).map(index));
            }
            compacted.push(kept.len());
        }
        Ok(Self {
            values: take(values, &UInt32Array::from(kept), None)?,
            offsets: compacted,
            nulls,
        })
    }
}

/// The field of an array's elements.
pub(super) fn element(array: &FieldRef) -> Result<FieldRef> {
    match array.data_type() {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => Ok(Arc::clone(element)),
        DataType::Null => Ok(Arc::new(Field::new_list_field(DataType::Null, true))),
        other => plan_err!("An array is expected, and this is of type {other}"),
    }
}

/// Offsets of a list with the given lengths; an error past the two billion elements of a batch.
pub(super) fn offsets(lengths: impl IntoIterator<Item = usize>) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(lengths)
}

/// A row number as Arrow's `take` wants it. Batches hold far fewer than four billion rows.
pub(super) fn index(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

fn widen(offsets: &OffsetBuffer<i32>) -> Vec<usize> {
    offsets
        .iter()
        .map(|offset| usize::try_from(*offset).unwrap_or(0))
        .collect()
}
